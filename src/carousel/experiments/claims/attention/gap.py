"""The rule of claim 7 under one condition: the best Transformer minus the best recurrent network.

The gap is one of solved-rates: scores of such tasks have two modes, and ten equal ones say little of their mean (an
interval of the mean is blind to the mode that was not seen). The gap of the mean scores must lie on the same side, so
that networks just above and just below the threshold do not make a gap. A source without a solved threshold is
not tested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from carousel.experiments.claims.attention.margins import MARGINS
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import BySeed, numbers, score, solved
from carousel.experiments.decision.rules import Answer
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import difference
from carousel.experiments.decision.verdict import Effect, Row

RATE = ("attention_gap", "solved_rate")
Count = tuple[int, int]  # solved, trials


def answer(interval: Interval, scores: float) -> Answer:
    """Supported above .2, refuted below it, where the mean scores' gap agrees."""
    margin = MARGINS.attention_gap
    if not (interval.above(margin) or interval.below(margin)):
        return Answer("inconclusive", "wide")
    if interval.above(margin) != (scores >= margin):
        return Answer("inconclusive", "scores_disagree")
    return Answer("supported", "beyond") if interval.above(margin) else Answer("refuted", "less")


def no_room(recurrent: BySeed) -> bool:
    """Whether the recurrent network solves so much that nothing could be ahead of it by the margin."""
    solved_trials, trials = _count(recurrent)
    return solved_trials / trials > 1 - MARGINS.attention_gap


def gap_row(attention: BySeed, recurrent: BySeed, where: str, alpha: float, looked: int, **about: Any) -> Row:
    """Judge one condition out of `looked`; the shown interval is corrected for their number, as the deciding one is."""
    level, shown = alpha / looked, SHOWN / looked
    ours, other = (_count(rows) for rows in (attention, recurrent))
    value = ours[0] / ours[1] - other[0] / other[1]
    scores = _mean([score(r) for r in attention.values()]) - _mean([score(r) for r in recurrent.values()])
    verdict, reason = answer(difference(ours, other, level), scores)
    about["details"] = {
        **about.get("details", {}),
        "level": 1 - level,
        "looked": looked,
        "score_gap": scores,
        "state_bits": {"attention": _state_bits(attention), "recurrent": _state_bits(recurrent)},
    }
    effect = Effect(*RATE, value, difference(ours, other, shown))
    needed = _seeds_needed(ours, other, level) if reason == "wide" else None
    return Row(where, verdict, reason, effect, min(ours[1], other[1]), seeds_needed=needed, **about)


def _seeds_needed(ours: Count, other: Count, level: float) -> int | None:
    """Seeds at which the same two rates would decide."""
    first, second = ours[0] / ours[1], other[0] / other[1]
    margin = MARGINS.attention_gap

    def decides(n: int) -> bool:
        ends = difference((first * n, n), (second * n, n), level)
        return ends.above(margin) or ends.below(margin)

    return None if math.isclose(first - second, margin) else smallest_n(decides, max(ours[1], other[1]) + 1)


def decidable(n: int, alpha: float) -> bool:
    """Whether `n` seeds a side could decide: all solved against none."""
    sides = ((n, n), (0, n)), ((0, n), (n, n))
    gaps = ((difference(first, second, alpha), (first[0] - second[0]) / n) for first, second in sides)
    return any(answer(interval, scores).verdict != "inconclusive" for interval, scores in gaps)


def _count(rows: BySeed) -> Count:
    return sum(bool(solved(row)) for row in rows.values()), len(rows)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _state_bits(trials: BySeed) -> float | None:
    bits = numbers(trials.values(), "state_bits")
    return _mean(bits) if bits else None
