"""The two intervals that stand in tables and figures: of a mean over seeds, and of a solved-rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats


def of_mean(values: Sequence[float]) -> tuple[float | None, float | None]:
    """95 % t-interval of the mean; (None, None) below two values."""
    n = len(values)
    if n < 2:
        return None, None
    mean = math.fsum(values) / n
    error = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1) / n)
    half = float(stats.t.ppf(0.975, n - 1)) * error
    return mean - half, mean + half


def of_share(k: int, n: int) -> tuple[float | None, float | None]:
    """95 % Wilson interval of `k` successes in `n` trials; (None, None) without trials."""
    if not n:
        return None, None
    found = stats.binomtest(k, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
