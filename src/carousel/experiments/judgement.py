"""What is concluded from a run: its claims judged together, the advice, and how good the rules are. verdicts.json."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from carousel.experiments.advice.advice import advise, decide, recommend
from carousel.experiments.calibration.stored import sentence
from carousel.experiments.claims import Claim, all_claims, ids, thresholds
from carousel.experiments.decision.interim import Settled, seen, sequentially
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.sensitivity import would_change
from carousel.experiments.decision.verdict import Both, Verdict
from carousel.experiments.decision.verdicts_json import Judgement, read_judgement
from carousel.experiments.decision.wording import join

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.folder import RunFolder


def settle(evidence: Evidence) -> Settled:
    """All claims at every interim analysis that the evidence allows."""
    return sequentially(all_claims(), evidence)


def judge(evidence: Evidence, settled: Settled | None = None) -> Judgement:
    """The verdicts in order, the advice, the thresholds, how it was calibrated.

    settled: what `settle` found of this evidence, where it was asked before.
    """
    settled = settled or settle(evidence)
    verdicts = settled.verdicts
    alike = Results(seen(evidence, {}))  # advice compares contenders over all conditions: as many seeds of each
    found = decide(alike)
    return Judgement(
        verdicts=tuple(_told(verdict, settled) for verdict in verdicts),
        taken={verdict.claim: settled.taken(verdict.claim) for verdict in verdicts},
        would_change={claim.id: _change(claim, verdict) for claim, verdict in zip(all_claims(), verdicts, strict=True)},
        advice=advise(alike, verdicts),
        recommended=recommend(alike),
        instead=found.rival,
        skill=found.skill,
        thresholds=thresholds(),
        calibration=sentence(),
    )


def to_take(evidence: Evidence) -> str | None:
    """The contender whose trained network is stored in best/; None where no trial is finished."""
    found = decide(Results(seen(evidence, {}))).best
    return None if found is None else found.spec


def load_judgement(folder: RunFolder) -> Judgement:
    """That of a finished run. Raises FolderConflict where it was not judged, or by a version with other claims."""
    return folder.load_verdicts(partial(read_judgement, claims=ids()))


def _change(claim: Claim, verdict: Verdict) -> Both | None:
    return would_change(verdict, claim.change, counted=claim.counted)


def _told(verdict: Verdict, settled: Settled) -> Verdict:
    """As it is shown, with the sentence that says of which interim analysis it is."""
    because = join(verdict.because, settled.told(verdict))
    return replace(verdict, because=because, rows=tuple(row.shown() for row in verdict.rows))
