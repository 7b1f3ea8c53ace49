"""Claim 5: an LSTM trains better and generalises better. Two questions kept apart; the second is judged.

test score     P(LSTM > RNN) by seed, each family's best; a seed's win is its mean over the source's lengths. This
               decides.
optimisation   who is solved in fewer steps (neither solved: who has the lower training loss). Shown.
matched loss   who has the better validation score at equal training loss (carousel.claims.matched). Shown.

The gap against the amount of data and the width is not measured by this version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, final

from carousel.claims.base import Both, Claim, Row, Verdict, Word
from carousel.claims.comparisons import (
    Compare,
    best_comparisons,
    best_groups,
    by_seed,
    comparisons,
    test_win,
    training_win,
)
from carousel.claims.matched import matched_win
from carousel.claims.overlap import guarded, sample_note
from carousel.claims.paired import superiority_row
from carousel.claims.readings import Readings, score, trial_files
from carousel.claims.rules import stands_for
from carousel.claims.statistics.interval import Interval
from carousel.claims.thresholds import THRESHOLDS
from carousel.claims.wording import headline, interval, join, needed, number, signed
from carousel.texts import both


@final
class Generalisation(Claim):
    """The probability that the LSTM's test score beats the RNN's."""

    id: ClassVar[str] = "generalisation"
    effect: ClassVar[tuple[str, str]] = ("superiority", "probability")

    def judge(self, readings: Readings, alpha: float) -> Verdict:
        """One deciding row a source; a file alone speaks of itself, tasks need three sources."""
        if not readings.has_pairs:
            return self.not_tested("one_family")
        sources = [s.name for s in readings.evidence.plan.sources]
        judged = [self._source_row(readings, source, alpha) for source in sources]
        shown = stands_for(judged, readings)
        if shown is None:
            return self.not_tested("no_trials")
        apart = [row for source in sources for row in self._apart(readings, source, alpha)]
        because = join(
            headline(self.id, shown),
            *map(_apart_text, apart),
            self._scope(readings, judged),
            _difference(shown),
            needed(judged),
            sample_note(readings.evidence.card),
        )
        rows = (*judged, *apart, *self._declared(readings, alpha))
        verdict = _over_sources([row.verdict for row in judged], _sources_needed(readings))
        return Verdict(self.id, verdict, shown.effect, shown.n, because, rows, _files(readings))

    def _source_row(self, readings: Readings, source: str, alpha: float) -> Row:
        compared = best_comparisons(readings, source, test_win)
        last = readings.judged(source)[-1]
        about: dict[str, Any] = {"condition": last.key, "pair": readings.best_pair(last), "best": True}
        about["rests_on"] = best_groups(readings, source)
        row = superiority_row(f"{source}: LSTM vs RNN", self.effect, by_seed(compared), alpha, **about)
        apart = [score(lstm) - score(rnn) for lstm, rnn, _ in compared]
        return guarded(row, apart, alpha, readings.overlap)

    def _apart(self, readings: Readings, source: str, alpha: float) -> list[Row]:
        """Optimisation, and generalisation at matched training loss; they decide nothing."""
        compares: dict[str, Compare] = {"optimisation": training_win, "matched": matched_win(readings.evidence)}
        rows = []
        for question, compare in compares.items():
            wins = by_seed(best_comparisons(readings, source, compare))
            effect = (f"superiority_{question}", "probability")
            row = superiority_row(f"{source}: LSTM vs RNN", effect, wins, alpha, best=True, decides=False)
            row.details["question"] = question
            rows.append(row)
        return rows

    def _declared(self, readings: Readings, alpha: float) -> list[Row]:
        """Every declared pair under every condition, for the table."""
        rows = []
        conditions = [c for s in readings.evidence.plan.sources for c in readings.judged(s.name)]
        for condition in conditions:
            for pair in readings.pairs(condition.source):
                wins = by_seed(comparisons(readings, condition.key, pair, test_win))
                about: dict[str, Any] = {"condition": condition.key, "pair": pair, "decides": False}
                rows.append(superiority_row(f"{condition.key}: {pair}", self.effect, wins, alpha, **about))
        return rows

    @staticmethod
    def _scope(readings: Readings, judged: Sequence[Row]) -> Both:
        if _sources_needed(readings) == 1:
            return both("claims.generalisation.one_file", source=readings.file)
        supported = sum(row.verdict == "supported" for row in judged)
        refuted = sum(row.verdict == "refuted" for row in judged)
        values = {"supported": supported, "refuted": refuted, "sources": len(judged)}
        return both("claims.generalisation.scope", needed=THRESHOLDS.sources, **values)


def _over_sources(words: Sequence[Word], required: int) -> Word:
    """conditional where sources differ; else the common answer where enough sources give it."""
    supported, refuted = words.count("supported"), words.count("refuted")
    if supported and refuted:
        return "conditional"
    if supported >= required:
        return "supported"
    return "refuted" if refuted >= required else "inconclusive"


def _sources_needed(readings: Readings) -> int:
    return THRESHOLDS.sources if readings.file is None else 1


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


def _files(readings: Readings) -> tuple[str, ...]:
    used = [
        row
        for source in readings.evidence.plan.sources
        for lstm, rnn, _ in best_comparisons(readings, source.name, test_win)
        for row in (lstm, rnn)
    ]
    return trial_files(used)
