"""What is concluded from a run: its claims judged together, the advice, and how good the rules are. verdicts.json."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carousel.experiments.advice.advice import advise, recommend
from carousel.experiments.calibration.stored import sentence
from carousel.experiments.claims import Claim, all_claims, thresholds
from carousel.experiments.decision.interim import Settled, seen, sequentially
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.sensitivity import would_change
from carousel.experiments.decision.verdict import Both, Verdict
from carousel.experiments.decision.wording import join
from carousel.experiments.runner.folder import VERDICTS_SCHEMA

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence


def judge(evidence: Evidence) -> dict[str, Any]:
    """The value of verdicts.json: the verdicts in order, the advice, the thresholds, how it was calibrated."""
    by_id = {claim.id: claim for claim in all_claims()}
    settled = sequentially(list(by_id.values()), evidence)
    verdicts = settled.verdicts
    alike = Results(seen(evidence, {}))  # advice compares contenders over all conditions: as many seeds of each
    return {
        "schema": VERDICTS_SCHEMA,
        "claims": [_told(verdict, settled).as_json() for verdict in verdicts],
        "interim_analyses": {verdict.claim: settled.analysis(verdict.claim) for verdict in verdicts},
        "would_change": {verdict.claim: _change(by_id[verdict.claim], verdict) for verdict in verdicts},
        "advice": advise(alike, verdicts),
        "recommended": recommend(alike),
        "thresholds": thresholds(),
        "calibration": sentence(),
    }


def _change(claim: Claim, verdict: Verdict) -> Both | None:
    return would_change(verdict, claim.change, counted=claim.counted)


def _told(verdict: Verdict, settled: Settled) -> Verdict:
    """With the sentence that says of which interim analysis it is."""
    return replace(verdict, because=join(verdict.because, settled.told(verdict)))
