"""Seasonal naive: the value one period before; the period is found on the training part, and named."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.rivals.base import Fitted
from carousel.experiments.rivals.examples import Examples

LONGEST_PERIOD = 1000  # steps
_LOOKED_AT = 500  # training examples, at even distances
_AS_GOOD = 1.05  # of the smallest error: the shortest period within it is taken, not a multiple of it
_SEASONS_BACK = 4  # where the value one period before is missing


def seasonal_naive(examples: Examples, seed: int) -> Fitted:
    """The value at the same place of the period before; the last value where the series does not reach so far back."""
    period = period_of(examples)
    setting = f"period={period}" if period > 1 else "no period"
    return Fitted(
        lambda rows: last_season(examples, rows, period).reshape(len(rows), -1),
        setting,
        len(examples.rows("training")),
    )


def period_of(examples: Examples) -> int:
    """Steps: of those up to half the training part the one whose seasonal naive errs least there; 1 where the last
    value errs no more than any."""
    rows = examples.rows("training")
    back = examples.ends[rows] - examples.firsts[rows]
    longest = int(min(LONGEST_PERIOD, np.median(back)))
    rows = rows[back >= longest]
    rows = rows[np.arange(min(_LOOKED_AT, len(rows))) * len(rows) // min(_LOOKED_AT, len(rows))]
    actual = examples.y[rows].reshape(len(rows), examples.horizon, examples.columns)
    errors = [float(np.mean((last_season(examples, rows, p) - actual) ** 2)) for p in range(1, longest + 1)]
    least = min(errors, default=0.0)
    return next((p for p, error in enumerate(errors, 1) if error <= least * _AS_GOOD), 1)


def last_season(examples: Examples, rows: Ints, period: int) -> Floats:
    """[n, H, K] as targets: the change from the last value to that of the season before each step ahead."""
    last = examples.series[examples.ends[rows]][:, None]
    found = np.zeros((len(rows), examples.horizon, examples.columns))
    if period < 2:
        return found
    ahead = np.arange(1, examples.horizon + 1)
    back = (-(-ahead // period)) * period - ahead
    known = np.zeros(found.shape, dtype=bool)
    for season in range(_SEASONS_BACK):
        source = examples.ends[rows][:, None] - back - season * period
        value = examples.series[np.maximum(source, 0)]
        usable = (source >= examples.firsts[rows][:, None])[:, :, None] & ~np.isnan(value) & ~known
        found = np.where(usable, value - last, found)
        known |= usable
    return found
