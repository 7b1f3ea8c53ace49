"""All claims of a run, judged together, and the whole of verdicts.json."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carousel.claims.advice import advise, recommend
from carousel.claims.base import Verdict
from carousel.claims.calibration.stored import sentence
from carousel.claims.change import would_change
from carousel.claims.looks import Settled, seen, sequentially
from carousel.claims.readings import Readings
from carousel.claims.registry import all_claims
from carousel.claims.thresholds import THRESHOLDS
from carousel.claims.wording import join

if TYPE_CHECKING:
    from carousel.study.evidence import Evidence

SCHEMA = 1


def judge(evidence: Evidence) -> dict[str, Any]:
    """The value of verdicts.json: the seven verdicts in order, the advice, the thresholds, how it was calibrated."""
    settled = sequentially(all_claims(), evidence)
    verdicts = settled.verdicts
    alike = Readings(seen(evidence, {}))  # advice compares contenders over all conditions: as many seeds of each
    return {
        "schema": SCHEMA,
        "claims": [_told(verdict, settled).as_json() for verdict in verdicts],
        "looks": {verdict.claim: settled.look(verdict.claim) for verdict in verdicts},
        "would_change": {verdict.claim: would_change(verdict) for verdict in verdicts},
        "advice": advise(alike, verdicts),
        "recommended": recommend(alike),
        "thresholds": THRESHOLDS.as_dict(),
        "calibration": sentence(),
    }


def _told(verdict: Verdict, settled: Settled) -> Verdict:
    """With the sentence that says of which look it is."""
    return replace(verdict, because=join(verdict.because, settled.told(verdict)))
