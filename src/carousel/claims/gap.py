"""The rule of claim 7 under one condition: the best Transformer minus the best recurrent network.

Where the source has a line for solved, the gap is one of solved-rates: scores of such tasks have two modes, and ten
equal ones say little of the mean (an interval of the mean misses the mode that was not seen). A gap of the mean scores
must then lie on the same side, so that networks just above and just below the line do not make a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from carousel.claims.base import Effect, Row
from carousel.claims.paired import SHOWN
from carousel.claims.readings import BySeed, numbers, score, solved
from carousel.claims.rules import Answer
from carousel.claims.statistics.interval import Interval
from carousel.claims.statistics.means import mean_interval
from carousel.claims.statistics.power import seeds_for_mean, smallest_n
from carousel.claims.statistics.rates import difference
from carousel.claims.thresholds import THRESHOLDS
from carousel.study.probe_columns import STATE_BITS

RATE = ("attention_gap", "solved_rate")
SCORE = ("attention_gap_score", "score")


def answer(interval: Interval, scores: float) -> Answer:
    """Supported above .2, refuted below it, where the mean scores' gap agrees."""
    margin = THRESHOLDS.attention_gap
    if not (interval.above(margin) or interval.below(margin)):
        return Answer("inconclusive", "wide")
    if interval.above(margin) != (scores >= margin):
        return Answer("inconclusive", "scores_disagree")
    return Answer("supported", "beyond") if interval.above(margin) else Answer("refuted", "less")


def gap_row(attention: BySeed, recurrent: BySeed, where: str, alpha: float, looked: int, **about: Any) -> Row:
    """Judge one condition out of `looked`; the shown interval is corrected for their number, as the deciding one is."""
    trials = [*attention.values(), *recurrent.values()]
    kind = _rates if any(row["solved"] is not None for row in trials) else _scores
    scores = _mean([score(r) for r in attention.values()]) - _mean([score(r) for r in recurrent.values()])
    value, ends, shown, needed = kind(attention, recurrent, alpha / looked, SHOWN / looked)
    verdict, reason = answer(ends, scores if kind is _rates else value)
    about["details"] = {
        **about.get("details", {}),
        "level": 1 - alpha / looked,
        "looked": looked,
        "score_gap": scores,
        "state_bits": {
            side: _mean_or_none(numbers(rows.values(), STATE_BITS))
            for side, rows in (("attention", attention), ("recurrent", recurrent))
        },
    }
    effect = Effect(*(RATE if kind is _rates else SCORE), value, shown)
    n = min(len(attention), len(recurrent))
    return Row(where, verdict, reason, effect, n, seeds_needed=needed if reason == "wide" else None, **about)


Found = tuple[float, Interval, Interval, int | None]  # value, deciding interval, shown interval, seeds needed


def _rates(attention: BySeed, recurrent: BySeed, level: float, shown: float) -> Found:
    """Newcombe's interval of two solved-rates."""
    ours, other = ((sum(bool(solved(r)) for r in rows.values()), len(rows)) for rows in (attention, recurrent))
    value = ours[0] / ours[1] - other[0] / other[1]

    def decides(n: int) -> bool:
        ends = difference((ours[0] / ours[1] * n, n), (other[0] / other[1] * n, n), level)
        return ends.above(THRESHOLDS.attention_gap) or ends.below(THRESHOLDS.attention_gap)

    needed = None if value == THRESHOLDS.attention_gap else smallest_n(decides, max(ours[1], other[1]) + 1)
    return value, difference(ours, other, level), difference(ours, other, shown), needed


def _scores(attention: BySeed, recurrent: BySeed, level: float, shown: float) -> Found:
    """The mean of the scores' differences, paired by seed."""
    seeds = sorted(attention.keys() & recurrent.keys())
    values = [score(attention[seed]) - score(recurrent[seed]) for seed in seeds]
    value = _mean(values)
    needed = seeds_for_mean(values, abs(value - THRESHOLDS.attention_gap), level)
    return value, mean_interval(values, level), mean_interval(values, shown), needed


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _mean_or_none(values: Sequence[float]) -> float | None:
    return _mean(values) if values else None
