"""Claim 6: more LSTM layers raise expressiveness. Judged at fixed parameters, where depth costs width.

All contenders of a run have the same number of parameters, so a deeper one is narrower. Per condition: the best LSTM
of several layers against the best of one, each chosen in the tuning phase (`depth.py`). The conditions share the error
(Bonferroni), since any one of them can make the claim conditional. Every declared depth of every initialisation is
shown too. Families of tasks: `common.names`.
A user's file: `on_file.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from carousel.common.names import family_of_task
from carousel.common.texts import both
from carousel.experiments.claims.base import Claim
from carousel.experiments.claims.stacking.depth import RATE, decidable, declared_depths, depths, families, gain_row
from carousel.experiments.claims.stacking.margins import MARGINS, StackingMargins
from carousel.experiments.claims.stacking.on_file import stacking_verdict
from carousel.experiments.claims.stacking.requirement import REQUIREMENT
from carousel.experiments.decision.requirements import has_depths, is_file
from carousel.experiments.decision.results import Results, trial_files
from carousel.experiments.decision.rules import by_group, stands_for
from carousel.experiments.decision.verdict import Both, Row, Verdict
from carousel.experiments.decision.wording import groups_text, headline, join, needed, number
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition, Plan


@final
class Stacking(Claim):
    """Several layers against one, at fixed parameters."""

    id: ClassVar[str] = "stacking"
    effect: ClassVar[tuple[str, str]] = RATE
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[StackingMargins] = MARGINS
    change: ClassVar[str] = "claims.change.families"
    counted: ClassVar[bool] = True
    over_several: ClassVar[bool] = True

    def judge(self, results: Results, alpha: float) -> Verdict:
        """A verdict over families of tasks; of a file, over that file."""
        if results.file is not None:
            return stacking_verdict(self, results, results.file, alpha)
        conditions = [c for s in results.evidence.plan.sources for c in results.judged(s.name)]
        conditions = [c for c in conditions if all(depths(results, c.source))]
        judged = [_best_row(results, c, alpha / len(conditions)) for c in conditions]
        shown = stands_for(judged, results)
        if shown is None:
            return self.not_tested(_untold(judged))
        tasks = {s.name: s.built_in for s in results.evidence.plan.sources if s.kind == "task"}
        by_family = by_group(judged, lambda source: family_of_task(tasks[source]))
        families_text = groups_text("claims.stacking.families", by_family, needed=MARGINS.depth_families)
        because = join(headline(self.id, shown), _bits_text(judged), families_text, needed(judged))
        rows = (*judged, *(row for c in conditions for row in _declared(results, c, alpha)))
        verdict = families(list(by_family.values()))
        return Verdict(self.id, verdict, shown.effect, shown.n, because, rows, _files(results, conditions))

    def compares(self, plan: Plan, source: str) -> bool:
        """One layer and several."""
        return has_depths(plan, source)

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """Depths; on a file because nobody asked for them, or because others were named."""
        if any(has_depths(plan, s.name) for s in plan.sources):
            return None
        return "stacking_file" if is_file(plan) and self.id not in plan.claims else "stacking"

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """On a file by a mean; on tasks by two rates."""
        return super().decidable(seeds, alpha, file=file) if file else decidable(seeds, alpha)

    def comparisons(self, asked: Plan) -> int:
        """Any condition with both depths can make the claim conditional."""
        return sum(has_depths(asked, c.source) for c in asked.conditions())


def _untold(rows: Sequence[Row]) -> str:
    """What keeps every condition from being tested: a key under claims.untested."""
    reasons = {row.reason for row in rows}
    if reasons == {"no_line"}:
        return "no_line"
    return "no_room_depth" if "no_room" in reasons else "no_depth_trials"


def _best_row(results: Results, condition: Condition, alpha: float) -> Row:
    shallow, deep = (results.best(condition.key, specs) for specs in depths(results, condition.source))
    if shallow is None or deep is None:
        return gain_row({}, {}, condition.key, alpha, condition=condition.key, best=True)
    return _row(results, condition, shallow, deep, alpha, best=True)


def _declared(results: Results, condition: Condition, alpha: float) -> list[Row]:
    """Every declared depth, for the table."""
    pairs = declared_depths(results, condition.source)
    return [_row(results, condition, shallow, deep, alpha, decides=False) for shallow, deep in pairs]


def _row(results: Results, condition: Condition, shallow: str, deep: str, alpha: float, **about: Any) -> Row:
    sides = (condition.key, shallow), (condition.key, deep)
    few, many = results.together(*sides)
    about |= {"condition": condition.key, "rests_on": sides}
    return gain_row(few, many, f"{condition.key}: {deep} vs {shallow}", alpha, **about)


def _bits_text(rows: Sequence[Row]) -> Both | None:
    """How much was memorised at all, besides the ratio that is judged."""
    measured = [row for row in rows if "deep_bits" in row.details]
    if not measured:
        return None
    row = measured[0]
    shallow, deep = number(row.details["shallow_bits"]), number(row.details["deep_bits"])
    return both("claims.stacking.bits", where=str(row.condition), shallow=shallow, deep=deep)


def _files(results: Results, conditions: list[Condition]) -> tuple[str, ...]:
    return trial_files(
        row
        for condition in conditions
        for spec in results.specs(condition.source, "LSTM")
        for row in results.reporting(condition.key, spec).values()
    )
