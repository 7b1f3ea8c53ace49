"""The contract of a scenario: simulated runs with a known truth, and which verdicts contradict it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.verdict import Verdict
from carousel.experiments.runner.budgets import BUDGETS

if TYPE_CHECKING:
    from numpy.random import Generator

    from carousel.experiments.results.evidence import Evidence

Truth = Mapping[str, float]
STANDARD = BUDGETS["standard"].interim_analyses
OUTCOMES = {  # by what it is called in a table: the outcomes that count as it
    "supported": frozenset({"supported", "conditional"}),
    "refuted": frozenset({"refuted", "opposite", "conditional"}),
    "opposite": frozenset({"opposite"}),
}
PREFERENCE = frozenset({"supported", "conditional", "opposite"})


class Limit(NamedTuple):
    """A truth exactly on a margin, and the verdicts (keys of OUTCOMES) that may each come in 5 % of runs only."""

    truth: Truth
    false: tuple[str, ...] = ("supported", "refuted")


class Scenario(ABC):
    """One rule, or a part of one, under planted truths.

    same     both contenders come from one population. `false_if_same`: the outcomes that contradict it, by default
             those that prefer one of the two. "Refuted, no difference within the margin" is then the right verdict.
    limits   the truth lies exactly on a margin. There the statement is neither true nor false by more than nothing:
             `supported` and `refuted` may each come in 5 % of the runs only.
    planted  the statement is true, by more and more (`sizes`): the share of `supported` is the power. A rule that asks
             for an interval beyond a margin finds a difference as large as the margin in 2.5 % of runs, whatever the
             number of seeds. So the effect with power .8 is looked for beyond it, from no effect upwards.
    """

    id: ClassVar[str]
    claim: ClassVar[Claim]
    unit: ClassVar[str]  # a key under claims.calibration: what `sizes` are sizes of
    sizes: ClassVar[tuple[float, ...]]
    sensible: ClassVar[float]  # one of the sizes: an effect that a standard run should find
    planned: ClassVar[tuple[int, ...]] = STANDARD  # the interim analyses of its plan
    grows: ClassVar[bool] = True  # whether open rows get more seeds at the later interim analyses
    pairs: ClassVar[int] = 1  # tuned-best pairs of a made run of which an answer may wait for some
    few_seeds: ClassVar[tuple[int, ...]] = (3, 5)  # same against same is tried at these too, judged once
    same: ClassVar[Truth | None] = {"size": 0.0}
    false_if_same: ClassVar[frozenset[str]] = PREFERENCE
    limits: ClassVar[tuple[Limit, ...]]

    @property
    def interim_analyses(self) -> tuple[int, ...]:
        """The seeds that a comparison has at each interim analysis."""
        return self.planned if self.grows else self.planned[:1]

    @abstractmethod
    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        """A simulated run with that truth."""

    def planted(self, size: float) -> Truth:
        """The truth of an effect of that size."""
        return {"size": size}

    def outcome(self, verdict: Verdict) -> str:
        """What a verdict counts as (`outcome`); a part of a claim has its own."""
        return outcome(verdict)


def outcome(verdict: Verdict) -> str:
    """The verdict's word, "opposite" for a refutation that prefers the other contender."""
    reversed_ = any(row.decides and row.reason == "opposite" for row in verdict.rows)
    return "opposite" if verdict.verdict == "refuted" and reversed_ else verdict.verdict
