"""Several interim analyses of a growing run, with one error rate: what is judged when, and who gets more seeds.

The plan names beforehand the numbers of seeds at which a run may be judged (`Plan.interim_analyses`). Each analysis has
an equal share of the error, so that whatever is judged, and why, some analysis errs with at most the whole error
(Bonferroni; the group sequential design of Pocock 1977 has equal shares too, larger ones, since its analyses are known
to be correlated). A claim whose data no analysis adds to is judged once, at the whole error.

A claim keeps the answer of the first analysis that has one. Where it has none, its open rows (the tuned-best pair
first) get the seeds of the next analysis: after the first one always, since few seeds foretell badly how many are
needed; later if the row says that the plan's last one would be enough. Neither asks which way the numbers point.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from carousel.common.texts import both
from carousel.experiments.decision.multiple_testing import holm, looks
from carousel.experiments.decision.question import Question
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Both, Row, Verdict
from carousel.experiments.decision.wording import join, number

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.plan import Group

_OPEN = ("inconclusive", "not-tested")


class Taken(NamedTuple):
    """Of which analysis a verdict is: its number, of how many, and the seeds a comparison had at most by then."""

    number: int
    of: int
    seeds: int


@dataclass(frozen=True)
class Settled:
    """The claims after the last analysis that could be taken.

    analyses: seeds at each analysis that the plan allows. analysis_of: the number of the one, from 1, that each verdict
    is of. allocation: groups with more seeds than all begin with, and how many, up to the first analysis for which some
    of these are yet to be trained. missing: the groups that such seeds were asked for, then or later. once: the claims
    that see the same data at every analysis.
    """

    verdicts: list[Verdict]
    analyses: tuple[int, ...]
    analysis_of: dict[str, int]
    allocation: dict[Group, int] = field(default_factory=dict)
    missing: frozenset[Group] = frozenset()
    once: frozenset[str] = frozenset()

    def taken(self, claim: str) -> Taken:
        """The analysis that the verdict of a claim is of."""
        number = self.analysis_of[claim]
        return Taken(number, len(self.analyses), self.analyses[number - 1])

    def told(self, verdict: Verdict) -> Both | None:
        """The same as a sentence; None where the plan has one analysis, or nothing was tested."""
        if len(self.analyses) == 1 or verdict.verdict == "not-tested":
            return None
        if verdict.claim in self.once:
            return both("claims.because.analysis_once", alpha=number(THRESHOLDS.alpha))
        share = number(THRESHOLDS.alpha / len(self.analyses))
        taken = self.taken(verdict.claim)._asdict()
        said = both("claims.because.analysis", share=share, alpha=number(THRESHOLDS.alpha), **taken)
        open_ = open_rows(verdict) if verdict.verdict == "inconclusive" else []
        waiting = any(group in self.missing for row in open_ for group in row.rests_on)
        return join(said, both("claims.because.analysis_missing")) if waiting else said


def sequentially(claims: Sequence[Question], evidence: Evidence, error: float = THRESHOLDS.alpha) -> Settled:
    """Judge `claims` at every analysis that the evidence allows, with one `error` for all of them together.

    Where groups lack the seeds of an analysis, as in a run that was stopped or was judged by other rules when it was
    made, it is taken with those that have theirs: a comparison then counts what both sides have, as at an earlier one.
    """
    analyses = evidence.plan.analyses
    once = frozenset(claim.id for claim in claims if looks(claim, len(analyses)) == 1)
    found: dict[str, Verdict] = {}
    analysis_of: dict[str, int] = {}
    allocation: dict[Group, int] = {}
    asked: dict[Group, int] = {}  # of whom so many are asked for; no more once some are missing
    missing: set[Group] = set()
    for analysis in range(1, len(analyses) + 1):
        for verdict in holm(claims, Results(seen(evidence, allocation)), error, len(analyses)):
            if verdict.claim not in found or found[verdict.claim].verdict in _OPEN:
                found[verdict.claim], analysis_of[verdict.claim] = verdict, analysis
        added = _wanted(list(found.values()), analyses[analysis:], allocation)
        there = _there(evidence, added)
        if not missing:
            asked |= added
        missing |= added.keys() - there.keys()
        if not there:
            break
        allocation = {**allocation, **there}
    verdicts = [found[claim.id] for claim in claims]
    return Settled(verdicts, analyses, analysis_of, asked, frozenset(missing), once)


def seen(evidence: Evidence, allocation: Mapping[Group, int]) -> Evidence:
    """The evidence with the seeds alone that a analysis has: of each group the first ones."""
    plan = evidence.plan
    if not plan.interim_analyses:
        return evidence
    place = {seed: k for k, seed in enumerate(plan.reporting_seeds)}

    def is_seen(phase: str, condition: str, contender: str, seed: int) -> bool:
        return phase != "reporting" or place[seed] < allocation.get((condition, contender), plan.first_analysis)

    columns = evidence.trials.select("phase", "condition", "contender", "seed").iter_rows()
    return replace(evidence, trials=evidence.trials.filter([is_seen(*row) for row in columns]))


def _wanted(verdicts: Sequence[Verdict], analyses: Sequence[int], allocation: Mapping[Group, int]) -> dict[Group, int]:
    """The groups that get the seeds of the next analysis: those that the open rows of open claims rest on, at the first
    analysis (nothing is allocated yet) all, later where the last one can be expected to close them. A row that is not
    firm has an answer, and how many seeds would make it firm is not foretold: always."""
    if not analyses:
        return {}
    rows = [row for verdict in verdicts if verdict.verdict == "inconclusive" for row in open_rows(verdict)]
    if allocation:
        rows = [row for row in rows if not row.firm or (row.seeds_needed or math.inf) <= analyses[-1]]
    groups = {group for row in rows for group in row.rests_on}
    return {group: analyses[0] for group in sorted(groups) if allocation.get(group, 0) < analyses[0]}


def open_rows(verdict: Verdict) -> list[Row]:
    """The rows that keep a claim from having an answer: in a part whose rows contradict each other those whose answer
    no row has firmly, if there are any; else those without one of their own (the tuned-best pair, and only where all of
    these have theirs the other declared pairs: rules.combine asks for both)."""
    parts: dict[str | None, list[Row]] = defaultdict(list)
    for row in verdict.rows:
        if row.decides:
            parts[row.details.get("part")].append(row)
    contested = {part: _not_firm(rows) for part, rows in parts.items()}
    waiting = [row for part, rows in parts.items() if not contested[part]
               for row in rows if row.verdict == "inconclusive"]  # fmt: skip
    return [row for rows in contested.values() for row in rows] + ([row for row in waiting if row.best] or waiting)


def _not_firm(rows: Sequence[Row]) -> list[Row]:
    """Of rows that contradict each other those whose answer none has firmly."""
    firm = {row.verdict for row in rows if row.firm}
    return [row for row in rows if row.decisive and row.verdict not in firm]


def _there(evidence: Evidence, asked: Mapping[Group, int]) -> dict[Group, int]:
    """The groups that have all their seeds: an analysis is taken at whole groups, never at those that happen to be
    done."""
    trials = evidence.trials.filter(evidence.trials["phase"] == "reporting")
    counts = {(c, s): n for c, s, n in trials.group_by("condition", "contender").len().iter_rows()}
    return {group: seeds for group, seeds in asked.items() if counts.get(group, 0) >= seeds}
