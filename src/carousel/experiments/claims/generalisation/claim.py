"""Claim 5: an LSTM trains better and generalises better. Two questions kept apart; the second is judged.

test score     P(LSTM > RNN) by seed, each family's best, with a training set of fixed size, trained to the end: under
               each condition (a size of a task's training set) over the seeds that can tell (`fitted.py`). A task's
               answer is that of two of its sizes at least, which share the error (Bonferroni), since any one of them
               can make the claim conditional. A user's file is such a set, of one size.
gap            training score minus test score by size and width (`gap.py`). Shown.
optimisation   who is solved in fewer steps where new sequences come for ever (neither solved: who has the lower
               training loss). Shown.
equal loss     who has the better validation score at equal training loss (`equal_loss.py`), there too. Shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from carousel.common.texts import both
from carousel.experiments.claims.base import PairClaim
from carousel.experiments.claims.generalisation.comparisons import (
    Compare,
    best_comparisons,
    by_seed,
    paired,
    test_win,
    training_win,
)
from carousel.experiments.claims.generalisation.equal_loss import equal_loss_win
from carousel.experiments.claims.generalisation.fitted import fitted_row
from carousel.experiments.claims.generalisation.gap import gap_rows
from carousel.experiments.claims.generalisation.margins import MARGINS, GeneralisationMargins
from carousel.experiments.claims.generalisation.requirement import REQUIREMENT, WIDTHS
from carousel.experiments.decision.details import Fit
from carousel.experiments.decision.paired import missing_row, superiority_row
from carousel.experiments.decision.requirements import lacks_pair
from carousel.experiments.decision.results import BySeed, Pair, Results, score, trial_files
from carousel.experiments.decision.rules import by_group, by_superiority, stands_for
from carousel.experiments.decision.split_overlap import guarded, sample_note
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.rates import superiority
from carousel.experiments.decision.verdict import Both, Row, Verdict, Word
from carousel.experiments.decision.wording import groups_text, headline, interval, join, needed, number, signed
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition, Plan, Source


@final
class Generalisation(PairClaim):
    """The probability that the LSTM's test score beats the RNN's."""

    id: ClassVar[str] = "generalisation"
    effect: ClassVar[tuple[str, str]] = ("superiority", "probability")
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[GeneralisationMargins] = MARGINS
    change: ClassVar[str] = "claims.change.sources"
    counted: ClassVar[bool] = True
    over_several: ClassVar[bool] = True
    figure: ClassVar[str | None] = "learning-score"

    def judge(self, results: Results, alpha: float) -> Verdict:
        """One deciding row a condition; a file alone speaks of itself, of tasks it takes three."""
        plan = results.evidence.plan
        conditions = [c for s in plan.sources if _is_judged(s) for c in results.judged(s.name)]
        shared = alpha / max(1, sum(results.best_pair(c) is not None for c in conditions))
        judged = [self._best_row(results, condition, shared) for condition in conditions]
        shown = stands_for(judged, results)
        if shown is None:
            return self.not_tested(_untold(judged))
        apart = [row for s in plan.sources if not _is_fixed(s) for row in self._apart(results, s.name, alpha)]
        least = MARGINS.sizes if results.file is None else 1
        words = by_group(judged, lambda name: _task_of(plan.source(name)), least)
        because = join(
            headline(self.id, shown),
            _unfit(judged),
            _perfect(judged),
            *map(_apart_text, apart),
            _scope(results, words),
            _difference(shown),
            needed(judged),
            sample_note(results.evidence.card),
        )
        gaps = gap_rows(results, [c for s in plan.sources if _is_fixed(s) for c in results.lengths(s.name)])
        rows = (*judged, *apart, *self._declared(results, conditions, alpha), *gaps)
        verdict = _over_sources(list(words.values()), _sources_needed(results))
        return Verdict(self.id, verdict, shown.effect, shown.n, because, rows, _files(results, conditions))

    def compares(self, plan: Plan, source: str) -> bool:
        """An RNN and an LSTM, on a fixed amount of data."""
        return super().compares(plan, source) and _is_judged(plan.source(source))

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """Both families, and a fixed amount of data."""
        return lacks_pair(plan) or (None if any(self.compares(plan, s.name) for s in plan.sources) else "endless")

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """All won, or all lost."""
        wins = ([win] * seeds for win in (0.0, 1.0))
        return any(by_superiority(superiority(each, alpha)).verdict != "inconclusive" for each in wins)

    def comparisons(self, asked: Plan) -> int:
        """Any condition can make the claim conditional."""
        return sum(_is_judged(asked.source(c.source)) for c in asked.conditions())

    def _best_row(self, results: Results, condition: Condition, alpha: float) -> Row:
        """The best LSTM against the best RNN under one condition."""
        pair = results.best_pair(condition)
        if pair is None:
            return missing_row(condition.key, self.effect, condition=condition.key, best=True)
        sides = tuple((condition.key, spec) for spec in pair)
        return self._row(results, condition, pair, results.together(*sides), alpha, best=True, rests_on=sides)

    def _row(
        self, results: Results, condition: Condition, pair: Pair, trials: list[BySeed], alpha: float, **about: Any
    ) -> Row:
        """A pair's trials by test score: on a task those that fit their training set, on a file all."""
        where, (rnn, lstm) = f"{condition.key}: {pair}", trials
        about |= {"condition": condition.key, "pair": pair}
        if not results.is_file(condition.source):
            return fitted_row(where, self.effect, rnn, lstm, alpha, **about)
        compared = paired(rnn, lstm, test_win)
        row = superiority_row(where, self.effect, [win for _, _, win in compared], alpha, **about)
        apart = [score(lstm) - score(rnn) for lstm, rnn, _ in compared]
        return guarded(row, apart, alpha, results.overlap) if row.decides else row

    def _apart(self, results: Results, source: str, alpha: float) -> list[Row]:
        """Optimisation, and generalisation at equal training loss; they decide nothing."""
        compares: dict[str, Compare] = {"optimisation": training_win, "equal_loss": equal_loss_win(results.evidence)}
        rows = []
        for question, compare in compares.items():
            wins = by_seed(best_comparisons(results, source, compare))
            effect = (f"superiority_{question}", "probability")
            row = superiority_row(f"{source}: LSTM vs RNN", effect, wins, alpha, best=True, decides=False)
            row.details["question"] = question
            rows.append(row)
        return rows

    def _declared(self, results: Results, conditions: Sequence[Condition], alpha: float) -> list[Row]:
        """Every other declared pair under every condition, for the table."""
        rows = []
        for condition in conditions:
            best = results.best_pair(condition)
            for pair in (pair for pair in results.pairs(condition.source) if pair != best):
                trials = [results.reporting(condition.key, spec) for spec in pair]
                rows.append(self._row(results, condition, pair, trials, alpha, decides=False))
        return rows


def _is_fixed(source: Source) -> bool:
    """A task with a training set that ends."""
    return source.kind == "task" and source.sequences is not None


def _is_judged(source: Source) -> bool:
    """The amount of data is fixed: a file, or a training set of one of the sizes."""
    return source.kind == "file" or (_is_fixed(source) and source.name not in WIDTHS)


def _task_of(source: Source) -> str:
    return source.built_in if source.kind == "task" else source.name


def _over_sources(words: Sequence[Word], required: int) -> Word:
    """conditional where sources, or the conditions of one, differ; else the answer that enough sources give."""
    supported, refuted = words.count("supported"), words.count("refuted")
    if "conditional" in words or (supported and refuted):
        return "conditional"
    if supported >= required:
        return "supported"
    return "refuted" if refuted >= required else "inconclusive"


def _scope(results: Results, words: dict[str, Word]) -> Both:
    if results.file is not None:
        return both("claims.generalisation.one_file", source=results.file)
    return groups_text("claims.generalisation.scope", words, needed=MARGINS.sources)


def _sources_needed(results: Results) -> int:
    return MARGINS.sources if results.file is None else 1


def _untold(rows: Sequence[Row]) -> str:
    """What keeps every condition from being tested: a key under claims.untested."""
    if any(row.reason == "ceiling" for row in rows):
        return "ceiling"
    return "unfit" if any("fit" in row.details for row in rows) else "no_trials"


def _fits(rows: Sequence[Row]) -> list[tuple[Row, Fit]]:
    found = [(row, row.details.get("fit")) for row in rows]
    return [(row, fit) for row, fit in found if isinstance(fit, dict)]


def _unfit(rows: Sequence[Row]) -> Both | None:
    """Where seeds do not count because a network did not fit its training set, and whose."""
    few = [(row, fit) for row, fit in _fits(rows) if fit["both"] < fit["seeds"]]
    if not few:
        return None
    listed = ", ".join(
        f"{row.condition} (RNN {fit['rnn']}/{fit['seeds']}, LSTM {fit['lstm']}/{fit['seeds']})" for row, fit in few
    )
    return both("claims.generalisation.unfit", listed=listed, line=number(MARGINS.fit_score))


def _perfect(rows: Sequence[Row]) -> Both | None:
    """Where seeds do not count because both test scores are perfect."""
    found = [(row, fit) for row, fit in _fits(rows) if fit["perfect"]]
    if not found:
        return None
    listed = ", ".join(f"{row.condition} ({fit['perfect']}/{fit['seeds']})" for row, fit in found)
    return both("claims.generalisation.perfect", listed=listed)


def _apart_text(row: Row) -> Both | None:
    if not row.n:
        return None
    question = row.details["question"]
    values = {"where": row.where, "value": number(row.effect.value), "interval": interval(row.effect.ci95), "n": row.n}
    return both(f"claims.generalisation.{question}", **values)


def _difference(row: Row) -> Both | None:
    """The mean paired difference that the answer must agree with, on a file whose split varies."""
    if "difference" not in row.details:
        return None
    value, *ends = row.details["difference"]
    return both("claims.generalisation.difference", value=signed(value), interval=interval(Interval.read(ends)))


def _files(results: Results, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Of the trials that the verdict rests on."""
    pairs = [(condition.key, results.best_pair(condition)) for condition in conditions]
    groups = [results.together(*((key, spec) for spec in pair)) for key, pair in pairs if pair]
    return trial_files(row for sides in groups for rows in sides for row in rows.values())
