"""All claims of a run, judged together, and the whole of verdicts.json."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carousel.experiments.advice.advice import advise, recommend
from carousel.experiments.calibration.stored import sentence
from carousel.experiments.claims.base import Verdict
from carousel.experiments.claims.registry import all_claims
from carousel.experiments.claims.thresholds import THRESHOLDS
from carousel.experiments.claims.wording import join
from carousel.experiments.decision.interim import Settled, seen, sequentially
from carousel.experiments.decision.results import Readings
from carousel.experiments.decision.sensitivity import would_change

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence

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
