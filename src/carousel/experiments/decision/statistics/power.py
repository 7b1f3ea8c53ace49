"""How many seeds would decide: the smallest n at which a rule, fed with what was seen so far, gives an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from carousel.experiments.decision.statistics.means import (
    resampling_factor,
    smallest_sign_flip_p,
    spread,
    t_quantile,
    without_scale,
)

MOST_SEEDS = 1000
POWER = 0.8


def smallest_n(decides: Callable[[int], bool], start: int = 2) -> int | None:
    """The smallest n >= `start` with `decides(n)`, which must stay true once true; None beyond `MOST_SEEDS`."""
    low, high = start - 1, start
    while not decides(high):
        if high >= MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def seeds_for_mean(values: Sequence[float], distance: float, alpha: float, overlap: float = 0.0) -> int | None:
    """Pairs needed for the interval of a mean to clear a limit `distance` away, with power `POWER`.

    From the mean and the spread seen so far; None where they say nothing (fewer than two values, no distance).
    overlap: as in `mean_interval`; no number of splits may then be enough.
    """
    if len(values) < 2 or distance <= 0:
        return None
    deviation, equal = spread(values), without_scale(values)

    def decides(n: int) -> bool:
        if equal:
            return smallest_sign_flip_p(n) <= alpha  # as `mean_interval` asks
        allocation = t_quantile(1 - alpha / 2, n - 1) + t_quantile(POWER, n - 1)
        return allocation * deviation * resampling_factor(n, overlap) / math.sqrt(n) <= distance

    return smallest_n(decides, start=max(3, len(values) + 1))
