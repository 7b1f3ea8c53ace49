"""The contract of a claim: a statement, a measurement, a rule, and what it needs of a run to be judged at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from carousel.common.texts import both
from carousel.experiments.decision.requirements import has_pair, lacks_pair
from carousel.experiments.decision.thresholds import Margins
from carousel.experiments.decision.verdict import Both, Effect, Verdict
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.decision.results import Results
    from carousel.experiments.runner.plan import Plan

_TWO = 2  # what an interval of a mean asks for


class Claim(ABC):
    """One question and all that belongs to it.

    Its texts are in its folder, under `claims.<id>`: title, statement, measures, unmeasured, rule, headline.

    requirement     what planning must provide
    margins         from which size on a difference counts, as its rule has it (those that several claims share aside)
    effect          name and unit of the headline number
    change          key of the texts that say what would change the verdict: `claims.change.pairs` (its rows are pairs
                    of contenders), `claims.change.parts` (its parts are judged apart), or texts of its own
    counted         its verdict takes a number of groups that agree, so that too few may have an answer
    over_several    its verdict is over several tasks: what one condition alone shows decides nothing
    one_row_supports  one row supports it, whatever the others say: its answer need not wait for them
    judged_on_file  False: on a user's file it is shown, and not judged
    seeds           which seeds its rule counts: of reporting trials, or of untrained networks
    leading_part    of a claim judged in two parts: the one that its short sentences name first; None: it has no parts
    figure          of the report, the one that shows what decides; None: its own table does
    """

    id: ClassVar[str]
    requirement: ClassVar[Requirement]
    margins: ClassVar[Margins] = Margins()
    effect: ClassVar[tuple[str, str]]
    change: ClassVar[str]
    counted: ClassVar[bool] = False
    over_several: ClassVar[bool] = False
    one_row_supports: ClassVar[bool] = False
    judged_on_file: ClassVar[bool] = True
    seeds: ClassVar[Literal["reporting", "untrained"]] = "reporting"
    leading_part: ClassVar[str | None] = None
    figure: ClassVar[str | None] = None

    @property
    def title(self) -> Both:
        """Its name, in both languages."""
        return both(f"claims.{self.id}.title")

    @property
    def statement(self) -> Both:
        """What is claimed, in both languages."""
        return both(f"claims.{self.id}.statement")

    @property
    def measures(self) -> Both:
        """What is measured, in both languages."""
        return both(f"claims.{self.id}.measures")

    @property
    def rule(self) -> Both:
        """The rule that turns the numbers into a verdict, in both languages."""
        return both(f"claims.{self.id}.rule")

    @abstractmethod
    def judge(self, results: Results, alpha: float) -> Verdict:
        """The verdict at error `alpha`: intervals decide at 1 - alpha, and are shown at 95 %."""

    @abstractmethod
    def compares(self, plan: Plan, source: str) -> bool:
        """The source has the contenders that the claim compares."""

    @abstractmethod
    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """What a plan (its sources are those of the claim) lacks for an answer, a key under claims.untested; None where
        some outcome could answer it. every_step: of a file where each step has a target of its own, as far as known."""

    def why_not(self, plan: Plan, *, every_step: bool = False) -> str | None:
        """Why no outcome of the plan could answer the claim, a key under claims.untested; None where one could.

        Asked before anything is trained, so that nobody waits for a verdict that cannot come, and again when a run is
        judged. What only the trainings can tell (nothing solved, nothing above the baseline) `judge` says.
        """
        asked = plan.only_for(self.id)
        return self.lacks(asked, every_step=every_step) if asked.sources else "no_source"

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """Whether so many seeds could decide it at all, by the plainest data: every training alike on each side, and
        the sides as far apart, or as equal, as can be."""
        return seeds >= _TWO

    def comparisons(self, asked: Plan) -> int:
        """Among how many conditions of built-in tasks the claim shares its error (Bonferroni)."""
        return 1

    def not_tested(self, why: str, **values: object) -> Verdict:
        """The verdict of a source that has no such measurement; `why` is a key under claims.untested."""
        return Verdict(self.id, "not-tested", Effect(*self.effect), 0, self.untested(why, **values))

    def untested(self, why: str, **values: object) -> Both:
        """Why it is not tested, as a sentence, which may name the claim's margins."""
        return both(f"claims.untested.{why}", **self.margins.as_dict(), **values)


class PairClaim(Claim):
    """A claim that compares an RNN with an LSTM."""

    def compares(self, plan: Plan, source: str) -> bool:
        """An RNN and an LSTM."""
        return has_pair(plan, source)

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """Nothing, where some source has both."""
        return lacks_pair(plan)
