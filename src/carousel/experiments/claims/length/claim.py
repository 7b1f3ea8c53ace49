"""Claim 3: as sequences grow, the RNN's performance falls and the LSTM's holds.

Built-in tasks: the solved-rate at the shortest and at the longest length (`rule_on_tasks.py`). A user's file: its
history cut to the last n steps; the claim becomes "the LSTM uses more of the past" (`rule_on_file.py`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, final

from carousel.experiments.claims.base import PairClaim
from carousel.experiments.claims.length.margins import MARGINS, LengthMargins
from carousel.experiments.claims.length.requirement import REQUIREMENT
from carousel.experiments.claims.length.rule_on_file import history_rows
from carousel.experiments.claims.length.rule_on_tasks import (
    Ends,
    Rate,
    answer,
    decidable,
    fall_difference,
    over_tasks,
    seeds_needed,
)
from carousel.experiments.decision.details import AlongLengths
from carousel.experiments.decision.paired import missing_row
from carousel.experiments.decision.requirements import lacks_pair
from carousel.experiments.decision.results import BySeed, Pair, Results, solved, trial_files
from carousel.experiments.decision.rules import judged_together, stands_for
from carousel.experiments.decision.split_overlap import sample_note
from carousel.experiments.decision.statistics.logistic import fit_length_curve
from carousel.experiments.decision.verdict import Effect, Row, Verdict
from carousel.experiments.decision.wording import headline, join, needed, sides, tally
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Plan


@final
class Length(PairClaim):
    """The fall of the solved-rate from the shortest to the longest length, RNN's and LSTM's."""

    id: ClassVar[str] = "length"
    effect: ClassVar[tuple[str, str]] = ("fall_difference", "solved_rate")
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[LengthMargins] = MARGINS
    change: ClassVar[str] = "claims.change.pairs"
    counted: ClassVar[bool] = True
    figure: ClassVar[str | None] = "length"

    def judge(self, results: Results, alpha: float) -> Verdict:
        """For every pair of every source that was run at two lengths or more."""
        sources = [s.name for s in results.evidence.plan.sources if len(results.lengths(s.name)) > 1]
        rows = judged_together(partial(self._rows_of, results, sources), alpha)
        shown = stands_for(rows, results)
        if shown is None:
            reasons = {row.reason for row in rows}
            return self.not_tested("below_baseline" if "below_baseline" in reasons else "no_trials")
        on_file = results.is_file(sources[0])
        name, note = ("history", sample_note(results.evidence.card)) if on_file else (self.id, None)
        word, alone = over_tasks(rows)
        because = join(headline(name, shown), tally(rows), sides(rows), alone, needed(rows), note)
        return Verdict(self.id, word, shown.effect, shown.n, because, rows, _files(results, sources))

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """Two lengths of a source that has both."""
        able = any(len(plan.lengths_of(s.name)) > 1 for s in plan.sources if self.compares(plan, s.name))
        return lacks_pair(plan) or (None if able else "one_length")

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """On a file by a mean; on tasks by four rates."""
        return super().decidable(seeds, alpha, file=file) if file else decidable(seeds, alpha)

    def _rows_of(self, results: Results, sources: Sequence[str], alpha: float) -> list[Row]:
        return [row for source in sources for row in self._rows(results, source, alpha)]

    def _rows(self, results: Results, source: str, alpha: float) -> list[Row]:
        if results.is_file(source):
            return history_rows(results, source, alpha)
        best = results.best_pair(results.lengths(source)[-1])
        return [self._row(results, source, pair, alpha, pair == best) for pair in results.pairs(source)]

    def _row(self, results: Results, source: str, pair: Pair, alpha: float, best: bool) -> Row:
        conditions = results.lengths(source)
        lengths = [c.length for c in conditions]
        ends_of = tuple((conditions[end].key, spec) for spec in pair for end in (0, -1))
        at_ends = results.together(*ends_of)
        ends = Ends(*map(_rate, at_ends))
        counted = set(at_ends[0])  # what is printed by length is of these seeds too
        rnn, lstm = ([_rate(_of(results.reporting(c.key, spec), counted)) for c in conditions] for spec in pair)
        where = f"{source}/T={lengths[0]} → T={lengths[-1]}: {pair}"
        about: dict[str, Any] = {"condition": conditions[-1].key, "pair": pair, "best": best, "rests_on": ends_of}
        if not ends.n:
            return missing_row(where, self.effect, **about)
        verdict, reason = answer(ends, alpha)
        about["details"] = {
            "level": 1 - alpha,
            "rnn": _described(lengths, rnn),
            "lstm": _described(lengths, lstm),
        }
        if verdict == "inconclusive":
            about["seeds_needed"] = seeds_needed(ends, alpha)
        return Row(where, verdict, reason, Effect(*self.effect, *fall_difference(ends)), ends.n, **about)


def _of(trials: BySeed, seeds: Container[int]) -> BySeed:
    return {seed: row for seed, row in trials.items() if seed in seeds}


def _rate(trials: BySeed) -> Rate:
    known = [solved(row) for row in trials.values()]
    return Rate(sum(bool(value) for value in known), sum(value is not None for value in known))


def _described(lengths: Sequence[int], rates: Sequence[Rate]) -> AlongLengths:
    """[solved, trials] by length, T50 and the area under the fitted curve, for the report's table."""
    seen = [(t, r) for t, r in zip(lengths, rates, strict=True) if r.n]
    curve = fit_length_curve(tuple(t for t, _ in seen), tuple(r.solved for _, r in seen), tuple(r.n for _, r in seen))
    return {"solved": {str(t): [r.solved, r.n] for t, r in seen}, "t50": curve.t50, "area": curve.area}


def _files(results: Results, sources: Sequence[str]) -> tuple[str, ...]:
    return trial_files(
        row
        for source in sources
        for condition in results.lengths(source)
        for family in ("RNN", "LSTM")
        for spec in results.specs(source, family)
        for row in results.reporting(condition.key, spec).values()
    )
