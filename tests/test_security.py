"""What docs/security.md says is never done: no network, no pickle, no shell, nothing loaded by a report."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.runs import command, environment

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "requests", "httpx", "aiohttp", "fsspec"}
PICKLE = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}

#: In every Python process of a command: the first of these events ends it, and is written down.
HOOK = """
import os, sys
FORBIDDEN = {"socket.connect", "socket.getaddrinfo", "socket.bind", "pickle.find_class", "marshal.load", "os.system"}
def _of_numba(frame):
    while frame and f"{os.sep}numba{os.sep}" not in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None
def _refuse(event, arguments):
    if event in FORBIDDEN and not (event == "pickle.find_class" and _of_numba(sys._getframe())):
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(f"{event} {arguments!r}\\n")
        os._exit(97)
sys.addaudithook(_refuse)
with open(os.environ["SEEN"] + ".hooked", "a") as hooked:
    hooked.write(" ".join(sys.orig_argv[1:4]) + "\\n")
"""


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_no_source_imports_what_speaks_to_a_network_or_reads_pickle() -> None:
    """But for the one command whose work it is to listen: what it opens is a socket that takes calls and makes none."""
    found = {(p.name, name) for p in SOURCES for name in _imported(p) & (NETWORK | PICKLE)}
    assert found == {("serve.py", "socket")}


def test_no_source_starts_a_shell() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert not any(k.arg == "shell" for k in node.keywords), path
                assert ast.unparse(node.func) not in ("os.system", "os.popen", "subprocess.getoutput"), path


def test_pages_may_load_nothing() -> None:
    pages = [p for p in (ROOT / "src").rglob("*.html.j2") if "<head>" in p.read_text(encoding="utf-8")]
    assert {p.name for p in pages} == {"report.html.j2", "doctor.html.j2"}
    for page in pages:
        assert "Content-Security-Policy\" content=\"default-src 'none';" in page.read_text(encoding="utf-8"), page


def _hooked(tmp_path: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    seen = tmp_path / "seen"
    known = environment()
    hooked = known | {"PYTHONPATH": os.pathsep.join([str(tmp_path), known["PYTHONPATH"]]), "SEEN": str(seen)}
    return subprocess.run(arguments, env=hooked, capture_output=True, timeout=300), seen


@pytest.mark.slow
def test_a_comparison_makes_no_connection_and_loads_no_pickle(tmp_path: Path) -> None:
    """But for numba's, which keeps compiled kernels so."""
    arguments = ["compare", "parity", "--contenders", "rnn", "--lengths", "3", "--workers", "1"]
    done, seen = _hooked(tmp_path, *command(*arguments, "--out", str(tmp_path / "run")))
    assert not seen.exists(), seen.read_text()
    assert done.returncode == 0, done.stderr.decode()
    started = seen.with_name("seen.hooked").read_text()
    assert "carousel.experiments.runner.worker" in started  # the hook was in the workers too


@pytest.mark.parametrize("forbidden", ["import socket; socket.create_connection(('127.0.0.1', 9))",
                                       "import pickle; pickle.loads(pickle.dumps(print))"])  # fmt: skip
def test_the_hook_sees_what_it_is_to_see(tmp_path: Path, forbidden: str) -> None:
    done, seen = _hooked(tmp_path, sys.executable, "-c", forbidden)
    assert done.returncode == 97
    assert seen.exists()


def test_the_lock_names_the_versions_of_the_constraints_and_has_a_hash_for_each() -> None:
    pinned = _pins(ROOT / "constraints.txt")
    locked = _pins(ROOT / "requirements.lock")
    assert len(locked) > 30
    assert {name: pinned.get(name) for name in locked} == {name: told.split()[0] for name, told in locked.items()}
    assert all(re.fullmatch(r"\S+ --hash=sha256:[0-9a-f]{64}", told) for told in locked.values())


def _pins(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {re.sub("[-_.]+", "-", name).lower(): told for name, told in (line.split("==") for line in lines)}
