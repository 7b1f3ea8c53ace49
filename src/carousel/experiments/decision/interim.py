"""Several looks at a growing run, with one error rate: what is judged when, and which trainings get more seeds.

The plan names beforehand the numbers of seeds at which a run may be judged (`Plan.looks`). Each look has an equal share
of the error, so that whatever is looked at, and why, some look errs with at most the whole error (Bonferroni; the group
sequential design of Pocock 1977 has equal shares too, larger ones, since its looks are known to be correlated).

A claim keeps the answer of the first look that has one. Where it has none, its open rows (best against best first)
get the seeds of the next look, if the row says that the plan's last look would be enough. Neither asks which way the
numbers point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from carousel.common.texts import both
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.question import Question
from carousel.experiments.decision.results import Readings
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Both, Row, Verdict
from carousel.experiments.decision.wording import join, number

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.plan import Group

_OPEN = ("inconclusive", "not-tested")


@dataclass(frozen=True)
class Settled:
    """The claims after the last look that could be taken.

    looks: seeds at each look that the plan allows. look_of: the number of the look, from 1, that each verdict is of.
    reach: groups with more seeds than all begin with, and how many; `missing` says that some of these are yet to be
    trained.
    """

    verdicts: list[Verdict]
    looks: tuple[int, ...]
    look_of: dict[str, int]
    reach: dict[Group, int] = field(default_factory=dict)
    missing: bool = False

    def look(self, claim: str) -> dict[str, int]:
        """Of which look a verdict is: its number, of how many, and the seeds a comparison had at most by then."""
        taken = self.look_of[claim]
        return {"number": taken, "of": len(self.looks), "seeds": self.looks[taken - 1]}

    def told(self, verdict: Verdict) -> Both | None:
        """The same as a sentence; None where the plan has one look, or nothing was tested."""
        if len(self.looks) == 1 or verdict.verdict == "not-tested":
            return None
        share = number(THRESHOLDS.alpha / len(self.looks))
        said = both("claims.because.look", share=share, alpha=number(THRESHOLDS.alpha), **self.look(verdict.claim))
        waiting = self.missing and verdict.verdict == "inconclusive"
        return join(said, both("claims.because.look_missing")) if waiting else said


def sequentially(claims: Sequence[Question], evidence: Evidence, error: float = THRESHOLDS.alpha) -> Settled:
    """Judge `claims` at every look that the evidence allows, with one `error` for all claims and looks together."""
    looks = evidence.plan.judged_at
    alpha = error / len(looks)
    found: dict[str, Verdict] = {}
    look_of: dict[str, int] = {}
    reach: dict[Group, int] = {}
    for look in range(1, len(looks) + 1):
        for verdict in holm(claims, Readings(seen(evidence, reach)), alpha):
            if verdict.claim not in found or found[verdict.claim].verdict in _OPEN:
                found[verdict.claim], look_of[verdict.claim] = verdict, look
        added = _wanted(list(found.values()), looks[look:], reach)
        if not added:
            break
        reach = {**reach, **added}
        if not _there(evidence, reach):
            return Settled([found[claim.id] for claim in claims], looks, look_of, reach, missing=True)
    return Settled([found[claim.id] for claim in claims], looks, look_of, reach)


def seen(evidence: Evidence, reach: Mapping[Group, int]) -> Evidence:
    """The evidence with the seeds alone that a look has: of each group the first ones."""
    plan = evidence.plan
    if not plan.looks:
        return evidence
    place = {seed: k for k, seed in enumerate(plan.reporting_seeds)}

    def is_seen(phase: str, condition: str, contender: str, seed: int) -> bool:
        return phase != "reporting" or place[seed] < reach.get((condition, contender), plan.first_look)

    columns = evidence.trials.select("phase", "condition", "contender", "seed").iter_rows()
    return replace(evidence, trials=evidence.trials.filter([is_seen(*row) for row in columns]))


def _wanted(verdicts: Sequence[Verdict], looks: Sequence[int], reach: Mapping[Group, int]) -> dict[Group, int]:
    """The groups that get the seeds of the next look: those that the open rows of open claims rest on, where the last
    look can be expected to close them."""
    if not looks:
        return {}
    rows = [row for verdict in verdicts if verdict.verdict == "inconclusive" for row in _open(verdict)]
    closing = [row for row in rows if row.seeds_needed is not None and row.seeds_needed <= looks[-1]]
    groups = {group for row in closing for group in row.rests_on}
    return {group: looks[0] for group in sorted(groups) if reach.get(group, 0) < looks[0]}


def _open(verdict: Verdict) -> list[Row]:
    """The rows without an answer that keep the claim from having one: best against best, and only where all of these
    have theirs the other declared pairs (rules.combine asks for both)."""
    rows = [row for row in verdict.rows if row.decides and row.verdict == "inconclusive"]
    return [row for row in rows if row.best] or rows


def _there(evidence: Evidence, reach: Mapping[Group, int]) -> bool:
    """Whether every group has its seeds: a look is taken at whole groups, never at those that happen to be done."""
    trials = evidence.trials.filter(evidence.trials["phase"] == "reporting")
    counts = {(c, s): n for c, s, n in trials.group_by("condition", "contender").len().iter_rows()}
    return all(counts.get(group, 0) >= seeds for group, seeds in reach.items())
