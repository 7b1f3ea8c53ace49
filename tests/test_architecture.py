"""Rules of the architecture that are tests: size of files and functions, docstrings, what no source may do."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
SOURCES = sorted(SRC.rglob("*.py"))
LINES, FUNCTION, SMALL = 250, 65, 25
#: Files below SMALL lines with one importer, beside them, that are files of their own all the same, and why.
SMALL_FOR_A_REASON = {
    "experiments/runner/task_overrides.py": "a table of exceptions, which grows with the tasks",
    "experiments/claims/*/requirement.py": "every claim's folder has one, of whatever size",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module(path: Path) -> str:
    """carousel.cli.app of src/carousel/cli/app.py; of an __init__.py its package."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Modules of ours that the file names in imports, at the top, inside functions and for type checking alike."""
    known = {module(p) for p in SOURCES}
    for node in ast.walk(tree(path)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
        yield from (name for name in names if name in known)


def short(path: Path) -> str:
    return str(path.relative_to(SRC / "carousel"))


def test_every_file_says_what_it_is():
    assert [short(p) for p in SOURCES if not ast.get_docstring(tree(p))] == []


def test_files_are_small():
    counted = {short(p): p.read_text(encoding="utf-8").count("\n") for p in SOURCES}
    assert {name: lines for name, lines in counted.items() if lines > LINES} == {}


def test_functions_are_small():
    functions = ((short(p), n) for p in SOURCES for n in ast.walk(tree(p)) if isinstance(n, ast.FunctionDef))
    assert [f"{name}: {n.name}" for name, n in functions if n.end_lineno - n.lineno >= FUNCTION] == []


def test_a_small_file_with_one_importer_beside_it_is_part_of_that_importer():
    importers: dict[str, set[Path]] = {}
    for path in SOURCES:
        for name in imports(path):
            importers.setdefault(name, set()).add(path)
    found = set()
    for path in SOURCES:
        by = importers.get(module(path), set()) - {path}
        small = path.read_text(encoding="utf-8").count("\n") < SMALL and path.name != "__init__.py"
        beside = [importer for importer in by if importer.parent == path.parent and importer.name != "__init__.py"]
        if small and len(by) == len(beside) == 1:
            found.add(short(path))
    listed = {name: [pattern for pattern in SMALL_FOR_A_REASON if fnmatch(name, pattern)] for name in found}
    assert [name for name, reasons in listed.items() if not reasons] == [], "merge it, or list it with the reason"
    assert {pattern for reasons in listed.values() for pattern in reasons} == set(SMALL_FOR_A_REASON), "no longer so"


def test_the_packages_own_old_name_for_itself_is_gone():
    assert [short(p) for p in SOURCES if re.search(r"\bhouse\b", p.read_text(encoding="utf-8"))] == []


def test_no_pickle_and_no_global_seed():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bimport pickle|torch\.save\(|torch\.load\(|allow_pickle=True", text), path
        assert not re.search(r"torch\.manual_seed\(|np\.random\.seed\(", text), path


def test_the_list_of_tasks_is_the_set_of_final_tasks():
    from carousel.experiments.tasks import TASKS, Task
    from carousel.experiments.tasks.synthetic import SyntheticTask

    assert all(issubclass(t, SyntheticTask | Task) and t.__doc__ for t in TASKS.values())


def test_import_carousel_imports_nothing_heavy():
    code = "import sys, carousel; assert not {'torch', 'polars', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_starts_without_compilers_and_simple_methods():
    """Each of them takes a second, and every worker of every run starts."""
    heavy = {"numba", "scipy", "sklearn", "altair", "matplotlib", "onnx", "ray"}
    code = f"import sys, carousel.experiments.runner.worker; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_exist():
    import carousel

    assert carousel.__all__
    assert all(getattr(carousel, name) is not None for name in carousel.__all__)


PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_docs_link_to_files_that_exist(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
