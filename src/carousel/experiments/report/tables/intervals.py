"""The 95 % intervals of tables and figures: those of the claims, with None where the data set no limit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.statistics.rates import wilson

ALPHA = 0.05
Ends = tuple[float | None, float | None]


def of_mean(values: Sequence[float], overlap: float = 0.0) -> Ends:
    """Of a mean over seeds. (None, None) for one value, and for few that are all equal: they give no scale. overlap: of
    the seeds' splits of a file (claims.overlap)."""
    return _ends(mean_interval(values, ALPHA, overlap))


def of_share(k: int, n: int) -> Ends:
    """Of a rate, `k` of `n` (Wilson)."""
    return _ends(wilson(k, n, ALPHA))


def _ends(found: Interval) -> Ends:
    low, high = (end if math.isfinite(end) else None for end in found)
    return low, high
