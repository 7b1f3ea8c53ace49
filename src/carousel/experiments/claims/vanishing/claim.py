"""Claim 1: in an RNN the gradient shrinks with lag; in an LSTM far less.

Judged on untrained networks, for every declared pair under every condition; the profiles early in training and at
its end are shown for the best pair, and decide nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar, Literal, final

from carousel.common.texts import both
from carousel.experiments.claims.base import PairClaim
from carousel.experiments.claims.vanishing.horizon import Horizon, held_back, median_horizon, ratio_of
from carousel.experiments.claims.vanishing.margins import MARGINS, VanishingMargins
from carousel.experiments.claims.vanishing.requirement import REQUIREMENT
from carousel.experiments.decision.details import Details, Horizons
from carousel.experiments.decision.paired import mean_row
from carousel.experiments.decision.results import Pair, Results, is_number
from carousel.experiments.decision.rules import Answer, combine, judged_together, stands_for
from carousel.experiments.decision.verdict import Row, Verdict
from carousel.experiments.decision.wording import headline, join, needed, number, sides, tally
from carousel.experiments.runner.requirement import Requirement

START = "initialisation"
LATER = ("early", "end")
_SIGN = {"=": "", ">=": "≥ ", "<=": "≤ "}  # of a ratio whose limit alone is known


@final
class Vanishing(PairClaim):
    """The slope of the lag profile, LSTM minus RNN, and the ratio of the two horizons."""

    id: ClassVar[str] = "vanishing"
    effect: ClassVar[tuple[str, str]] = ("slope_difference", "nats_per_step")
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[VanishingMargins] = MARGINS
    change: ClassVar[str] = "claims.change.pairs"
    seeds: ClassVar[Literal["reporting", "untrained"]] = "untrained"
    figure: ClassVar[str | None] = "lag-profile-initialisation"

    def judge(self, results: Results, alpha: float) -> Verdict:
        """The headline is the best pair under the last (longest) condition of the first source."""
        rows = judged_together(partial(self._rows, results), alpha)
        shown = stands_for(rows, results)
        if shown is None:
            return self.not_tested("no_profiles")
        because = join(headline(self.id, shown), self._horizons(shown), tally(rows), sides(rows), needed(rows))
        return Verdict(self.id, combine(rows), shown.effect, shown.n, because, rows, _files(results))

    def _rows(self, results: Results, alpha: float) -> list[Row]:
        rows = []
        sources = [source.name for source in results.evidence.plan.sources]
        for condition in (c for source in sources for c in results.judged(source)):
            if not results.has_slopes(condition.key):
                continue
            best = results.best_pair(condition)
            for pair in results.pairs(condition.source):
                rows.append(self._row(results, condition.key, pair, START, alpha, pair == best))
            if best:
                rows += [self._row(results, condition.key, best, moment, alpha, True) for moment in LATER]
        return rows

    def _row(self, results: Results, condition: str, pair: Pair, moment: str, alpha: float, best: bool) -> Row:
        rnn, lstm = (results.slopes(condition, spec, moment) for spec in pair)
        common = sorted(rnn.keys() & lstm.keys())
        slopes = {s: (rnn[s].slope, lstm[s].slope) for s in common}
        steeper = {s: m - r for s, (r, m) in slopes.items() if is_number(r) and is_number(m)}
        row = mean_row(
            f"{condition}: {pair}",
            self.effect,
            list(steeper.values()),
            MARGINS.slope_margin,
            alpha,
            condition=condition,
            pair=pair,
            best=best,
            decides=moment == START,
        )
        row.details.update({"moment": moment, "without_slope": len(common) - len(steeper)})
        seeds = list(steeper)
        return _with_horizons(row, median_horizon(rnn, seeds), median_horizon(lstm, seeds)) if seeds else row

    @staticmethod
    def _horizons(row: Row) -> dict[str, str]:
        horizons, known = row.details["horizons"], row.details["ratio_is"]
        values = {
            "rnn": _bound(horizons["rnn"], horizons["rnn_censored"]),
            "lstm": _bound(horizons["lstm"], horizons["lstm_censored"]),
        }
        if known == "?":
            return both("claims.vanishing.horizons_unseen", **values)
        return both("claims.vanishing.horizons", ratio=_SIGN[known] + number(row.details["ratio"]), **values)


def _with_horizons(row: Row, rnn: Horizon, lstm: Horizon) -> Row:
    """Add the ratio of horizons; it can hold back a `supported`, never grant one."""
    ratio, known = ratio_of(rnn, lstm)
    answer = Answer(row.verdict, row.reason)
    if row.verdict == "supported":
        answer = held_back(answer, ratio, known)
    horizons: Horizons = {
        "rnn": rnn.steps,
        "lstm": lstm.steps,
        "rnn_censored": rnn.censored,
        "lstm_censored": lstm.censored,
    }
    details: Details = {**row.details, "horizons": horizons, "ratio": ratio, "ratio_is": known}
    return replace(row, verdict=answer.verdict, reason=answer.reason, details=details)


def _bound(steps: float | None, censored: bool) -> str:
    return ("≥ " if censored else "") + number(steps)


def _files(results: Results) -> tuple[str, ...]:
    folder = results.evidence.folder
    return tuple(p.relative_to(folder).as_posix() for p in sorted((folder / "flow").glob("*.parquet")))
