"""Several interim analyses of a growing run, with one error rate: what is judged when, and who gets more seeds.

The plan names beforehand the numbers of seeds at which a run may be judged (`Plan.interim_analyses`). Each analysis has
an equal share of the error, so that whatever is judged, and why, some analysis errs with at most the whole error
(Bonferroni; the group sequential design of Pocock 1977 has equal shares too, larger ones, since its analyses are known
to be correlated). A claim whose data no analysis adds to is judged once, at the whole error.

A claim without an answer goes on: its open rows (the tuned-best pair first) get the seeds of the next analysis, after
the first one always, since few seeds foretell badly how many are needed; later if the row says that the plan's last one
would be enough. A claim that is supported or refuted waits in the same way for its open tuned-best rows, since one of
them could make it conditional. While it waits it has no answer, in a run without later analyses too: there the seeds
are never trained. Nothing of this asks which way the numbers point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from carousel.common.texts import both
from carousel.experiments.decision.multiple_testing import holm, looks
from carousel.experiments.decision.question import Question
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import DECISIVE, Both, Verdict
from carousel.experiments.decision.waiting import waited_for
from carousel.experiments.decision.wording import held_open, join, number

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
    of these are yet to be trained. missing: the groups that such seeds were asked for, then or later. waiting: the
    claims that asked for them: none of these has an answer. once: the claims that see the same data at every analysis.
    """

    verdicts: list[Verdict]
    analyses: tuple[int, ...]
    analysis_of: dict[str, int]
    allocation: dict[Group, int] = field(default_factory=dict)
    missing: frozenset[Group] = frozenset()
    waiting: frozenset[str] = frozenset()
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
        return join(said, both("claims.because.analysis_missing")) if verdict.claim in self.waiting else said


def sequentially(claims: Sequence[Question], evidence: Evidence, error: float = THRESHOLDS.alpha) -> Settled:
    """Judge `claims` at every analysis that the evidence allows, with one `error` for all of them together.

    Where groups lack the seeds of an analysis, as in a run that was stopped or was judged by other rules when it was
    made, it is taken with those that have theirs: a comparison then counts what both sides have, as at an earlier one.
    """
    analyses = evidence.plan.analyses
    once = frozenset(claim.id for claim in claims if looks(claim, len(analyses)) == 1)
    found: dict[str, Verdict] = {}
    analysis_of: dict[str, int] = {}
    seeds = _Seeds(evidence)
    judged = list(claims)
    for analysis in range(1, len(analyses) + 1):
        kept = {claim.id: found[claim.id] for claim in claims if claim not in judged}
        verdicts = holm(claims, Results(seen(evidence, seeds.allocation)), error, len(analyses), kept)
        found = {verdict.claim: verdict for verdict in verdicts}
        analysis_of |= {claim.id: analysis for claim in judged}
        wanted = {claim.id: seeds.wanted(claim, found[claim.id], analyses[analysis:]) for claim in judged}
        there = seeds.bring(wanted)
        if not there:
            break
        judged = [c for c in judged if found[c.id].verdict in _OPEN or wanted[c.id].keys() & there]
    waiting = frozenset(claim.id for claim in claims if seeds.lacks(claim, found[claim.id]))
    verdicts = [_held_open(claim, found[claim.id]) if claim.id in waiting else found[claim.id] for claim in claims]
    return Settled(verdicts, analyses, analysis_of, seeds.asked, frozenset(seeds.missing), waiting, once)


@dataclass
class _Seeds:
    """Seeds beyond those that all groups begin with: which groups have them, were asked for them, lack them."""

    evidence: Evidence
    allocation: dict[Group, int] = field(default_factory=dict)
    asked: dict[Group, int] = field(default_factory=dict)  # no more once some are missing
    missing: set[Group] = field(default_factory=set)

    def wanted(self, claim: Question, verdict: Verdict, analyses: Sequence[int]) -> dict[Group, int]:
        """The groups that get the seeds of the next of some analyses, for what a claim waits for."""
        groups = self._groups(claim, verdict) if analyses else set()
        return {group: analyses[0] for group in sorted(groups) if self.allocation.get(group, 0) < analyses[0]}

    def bring(self, wanted: Mapping[str, Mapping[Group, int]]) -> Set[Group]:
        """Allocate what the claims ask for, as far as it is trained: of these groups the seeds are there."""
        added = {group: seeds for groups in wanted.values() for group, seeds in groups.items()}
        there = _there(self.evidence, added)
        if not self.missing:
            self.asked |= added
        self.missing |= added.keys() - there.keys()
        self.allocation |= there
        return there.keys()

    def lacks(self, claim: Question, verdict: Verdict) -> bool:
        """A claim waits for seeds that are not trained; of a plan with one analysis, that never are."""
        groups = self._groups(claim, verdict)
        return bool(groups) if len(self.evidence.plan.analyses) == 1 else not groups.isdisjoint(self.missing)

    def _groups(self, claim: Question, verdict: Verdict) -> set[Group]:
        """Those that the rows rest on that a claim waits for: at the first analysis (nothing is allocated yet) of all
        rows, later of those that the last analysis can be expected to close. A row that is not firm has an answer, and
        how many seeds would make it firm is not foretold: always."""
        rows, last = waited_for(claim, verdict), self.evidence.plan.analyses[-1]
        if self.allocation:
            rows = [row for row in rows if not row.firm or (row.seeds_needed or math.inf) <= last]
        return {group for row in rows for group in row.rests_on}


def _held_open(claim: Question, verdict: Verdict) -> Verdict:
    """Of a claim that waits: without an answer, though its rows so far agree on one."""
    if verdict.verdict not in DECISIVE:
        return verdict
    rows = [row.where for row in waited_for(claim, verdict)]
    return replace(verdict, verdict="inconclusive", because=join(verdict.because, held_open(verdict.verdict, rows)))


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


def _there(evidence: Evidence, asked: Mapping[Group, int]) -> dict[Group, int]:
    """The groups that have all their seeds: an analysis is taken at whole groups, never at those that happen to be
    done."""
    trials = evidence.trials.filter(evidence.trials["phase"] == "reporting")
    counts = {(c, s): n for c, s, n in trials.group_by("condition", "contender").len().iter_rows()}
    return {group: seeds for group, seeds in asked.items() if counts.get(group, 0) >= seeds}
