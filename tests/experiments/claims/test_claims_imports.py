"""Listing the claims is cheap, and judging needs no torch."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from carousel.experiments.claims import ids

ROOT = Path(__file__).resolve().parents[3]


def _modules_after(code: str) -> set[str]:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\nimport json; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_listing_the_claims_loads_neither_numbers_nor_tables() -> None:
    loaded = _modules_after("from carousel.experiments.claims import all_claims\n[c.statement for c in all_claims()]")
    assert not {"torch", "scipy", "numpy", "polars", "pydantic"} & loaded


def test_judging_does_not_load_torch() -> None:
    code = (
        "from pathlib import Path\nfrom tests.support.evidence import planted\n"
        "from carousel.experiments.judgement import judge\n"
        "judge(planted(Path('nowhere'), seeds=10, write_curves=False))"
    )
    assert "torch" not in _modules_after(code)


SRC = ROOT / "src" / "carousel"
EXPERIMENTS = [f"experiments/{room}" for room in ("runner", "results", "decision", "advice", "report")]


@pytest.mark.parametrize("room", [*EXPERIMENTS, "cli", "common"])
def test_no_claim_is_known_by_name_outside_its_folder(room: str) -> None:
    """`length` is a column's name too."""
    names = set(ids()) - {"length"}
    for path in sorted((SRC / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in names}
        assert not found, path


@pytest.mark.parametrize("claim", ids())
def test_a_claim_imports_no_other(claim: str) -> None:
    others = [f"experiments.claims.{other}" for other in ids() if other != claim]
    for path in (SRC / "experiments" / "claims" / claim).glob("*.py"):
        assert not [other for other in others if f"{other}." in path.read_text(encoding="utf-8")], path
