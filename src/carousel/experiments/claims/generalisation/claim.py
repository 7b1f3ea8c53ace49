"""Claim 5: an LSTM trains better and generalises better. Two questions kept apart; the second is judged.

test score     P(LSTM > RNN) by seed, each family's best, under every condition (a source at a length). This decides: a
               source's answer is that of its conditions, which share the error (Bonferroni), since any one of them can
               make the claim conditional.
optimisation   who is solved in fewer steps (neither solved: who has the lower training loss). Shown.
equal loss     who has the better validation score at equal training loss (`equal_loss.py`). Shown.

The gap against the amount of data and the width is not measured by this version.
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
from carousel.experiments.claims.generalisation.margins import MARGINS, GeneralisationMargins
from carousel.experiments.claims.generalisation.requirement import REQUIREMENT
from carousel.experiments.decision.paired import missing_row, superiority_row
from carousel.experiments.decision.results import Results, score, trial_files
from carousel.experiments.decision.rules import by_group, by_superiority, stands_for
from carousel.experiments.decision.split_overlap import guarded, sample_note
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.rates import superiority
from carousel.experiments.decision.verdict import Both, Row, Verdict, Word
from carousel.experiments.decision.wording import groups_text, headline, interval, join, needed, number, signed
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition, Plan


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
        """One deciding row a condition; a file alone speaks of itself, tasks need three sources."""
        sources = [s.name for s in results.evidence.plan.sources]
        conditions = [c for source in sources for c in results.judged(source)]
        shared = alpha / max(1, sum(results.best_pair(c) is not None for c in conditions))
        judged = [self._best_row(results, condition, shared) for condition in conditions]
        shown = stands_for(judged, results)
        if shown is None:
            return self.not_tested("no_trials")
        apart = [row for source in sources for row in self._apart(results, source, alpha)]
        words = by_group(judged, lambda source: source)
        because = join(
            headline(self.id, shown),
            *map(_apart_text, apart),
            _scope(results, words),
            _difference(shown),
            needed(judged),
            sample_note(results.evidence.card),
        )
        rows = (*judged, *apart, *self._declared(results, conditions, alpha))
        verdict = _over_sources(list(words.values()), _sources_needed(results))
        return Verdict(self.id, verdict, shown.effect, shown.n, because, rows, _files(results))

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """All won, or all lost."""
        wins = ([win] * seeds for win in (0.0, 1.0))
        return any(by_superiority(each[0], superiority(each, alpha)).verdict != "inconclusive" for each in wins)

    def comparisons(self, asked: Plan) -> int:
        """Any condition can make the claim conditional."""
        return len(asked.conditions())

    def _best_row(self, results: Results, condition: Condition, alpha: float) -> Row:
        """The best LSTM against the best RNN under one condition."""
        pair = results.best_pair(condition)
        if pair is None:
            return missing_row(condition.key, self.effect, condition=condition.key, best=True)
        sides = tuple((condition.key, spec) for spec in pair)
        rnn, lstm = results.together(*sides)
        compared = paired(rnn, lstm, test_win)
        about: dict[str, Any] = {"condition": condition.key, "pair": pair, "best": True, "rests_on": sides}
        row = superiority_row(f"{condition.key}: {pair}", self.effect, [win for _, _, win in compared], alpha, **about)
        apart = [score(lstm) - score(rnn) for lstm, rnn, _ in compared]
        return guarded(row, apart, alpha, results.overlap)

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
                rnn, lstm = (results.reporting(condition.key, spec) for spec in pair)
                wins = [win for _, _, win in paired(rnn, lstm, test_win)]
                about: dict[str, Any] = {"condition": condition.key, "pair": pair, "decides": False}
                rows.append(superiority_row(f"{condition.key}: {pair}", self.effect, wins, alpha, **about))
        return rows


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
    value, low, high = row.details["difference"]
    return both("claims.generalisation.difference", value=signed(value), interval=interval(Interval(low, high)))


def _files(results: Results) -> tuple[str, ...]:
    used = [
        row
        for source in results.evidence.plan.sources
        for lstm, rnn, _ in best_comparisons(results, source.name, test_win)
        for row in (lstm, rnn)
    ]
    return trial_files(used)
