"""The wheel: built without network, it holds every file of the package, and nothing else."""

from __future__ import annotations

import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "carousel"
KINDS = {".py", ".toml", ".j2", ".css", ".js", ".json", ".parquet", ".typed", ".html", ".h", ".v", ".txt"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("carousel_rnn-*-py3-none-any.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    there = {str(p.relative_to(PACKAGE.parent)) for p in PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    held = {name for name in wheel.namelist() if name.startswith("carousel/")}
    assert held == there
    assert {Path(name).suffix for name in held} == KINDS, "a kind of file that no one has thought of, or one lost"
    assert all(name.startswith(("carousel/", "carousel_rnn-")) for name in wheel.namelist())


def test_its_description_is_that_of_the_project(wheel):
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    described = email.message_from_bytes(wheel.read(path))
    assert described["Name"] == "carousel-rnn"
    assert described["Requires-Python"] == ">=3.11"
    assert described["License-Expression"] == "MIT"
    assert f"\nversion: {described['Version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    required = {line.split(";")[0] for line in described.get_all("Requires-Dist") if "extra" not in line}
    assert any(line.startswith("torch") for line in required)
    assert not any(line.startswith(("pytest", "sktime", "triton")) for line in required)
    (entry,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "carousel = carousel.cli.app:main" in wheel.read(entry).decode()
