"""The findings in docs/claims.md are those of the reference evidence."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.verdict import Effect, Row, Verdict
from carousel.experiments.reference import reference_folders

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = runpy.run_path(str(ROOT / "scripts" / "write_findings.py"))
GAIN = Effect("depth_gain", "solved_rate", 0.25, Interval(0.2, 0.3))


def test_the_page_has_what_the_reference_evidence_found() -> None:
    assert reference_folders()
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    assert WRITTEN["page"](page) == page, "run scripts/write_findings.py"


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        WRITTEN["page"]("no marks here")


def test_what_decides_stands_side_by_side_by_condition() -> None:
    """Two sets of seeds chose other pairs under the same condition; one lacks a condition; one row does not decide."""
    first = Row("adding: a", "supported", "beyond", GAIN, 40, condition="adding/T=30", best=True)
    other = Row("adding: b", "refuted", "less", GAIN, 80, condition="adding/T=30", best=True)
    untested = Row("parity", "not-tested", "no_room", Effect("depth_gain", "solved_rate"), 0, condition="parity/T=30")
    shown = Row("adding: c", "supported", "beyond", GAIN, 9, condition="adding/T=30", decides=False)
    rows = {"seed-2": (first, shown), "seed-3": (other, untested)}
    runs = {name: {"stacking": Verdict("stacking", "supported", GAIN, 40, {}, each)} for name, each in rows.items()}
    table = WRITTEN["_of_claim"]("stacking", runs)
    assert "| adding/T=30 | supported: +0.25 [0.2, 0.3], n = 40 | refuted: +0.25 [0.2, 0.3], n = 80 |" in table
    assert "seed-2: 1 supported. seed-3: 1 refuted, 1 not-tested." in table
