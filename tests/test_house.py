"""Rules of the house that are tests: size of rooms, languages, what stands in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_rooms_are_small_and_documented(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "what is this file?"
    assert text.count("\n") <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 65, node.name


def test_the_list_of_tasks_is_the_set_of_final_tasks():
    from carousel.experiments.tasks import TASKS, Task
    from carousel.experiments.tasks.synthetic import SyntheticTask

    assert all(issubclass(t, SyntheticTask | Task) and t.__doc__ and t.summary for t in TASKS.values())


def test_import_carousel_imports_nothing_heavy():
    code = "import sys, carousel; assert not {'torch', 'polars', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_exist():
    import carousel

    assert carousel.__all__
    assert all(getattr(carousel, name) is not None for name in carousel.__all__)


def test_no_pickle_and_no_global_seed():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bimport pickle|torch\.save\(|torch\.load\(|allow_pickle=True", text), path
        assert not re.search(r"torch\.manual_seed\(|np\.random\.seed\(", text), path


def test_docs_link_to_files_that_exist():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
