"""Exponential smoothing, as Holt and Winters wrote it down: a level, a damped trend, a season, updated at each step.

Additive form with the error e = value - forecast of one step (Hyndman et al. 2008, "Forecasting with Exponential
Smoothing", table 2.1): level += phi trend + a e, trend = phi trend + a b e, season += g e. A missing value updates
nothing. The state is carried along each series from its first step.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.rivals.base import Fitted
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.scoring import squared_error
from carousel.experiments.rivals.seasonal import period_of
from carousel.nn.kernels.numba.jit.compilation import outermost

_LEVELS, _TRENDS, _SEASONS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0), ((0.0, 1.0), (0.1, 0.9)), (0.05, 0.2, 0.5)
_TRIED_ON = 1000  # validation examples, at even distances


class Smoothing(NamedTuple):
    """Weights of level, trend, season; damping; steps of a period (1: no season)."""

    level: float
    trend: float
    season: float
    damping: float
    period: int

    def __str__(self) -> str:
        season = f" season={self.season:g} period={self.period}" if self.period > 1 else ""
        return f"level={self.level:g} trend={self.trend:g}{season}"


def exponential_smoothing(examples: Examples, seed: int) -> Fitted:
    """The weights of a grid that err least on the validation part; the same for every series of the file."""
    period, rows = period_of(examples), examples.rows("validation", _TRIED_ON)
    seasons = [(0.0, 1), *((g, period) for g in _SEASONS if period > 1)]
    tried = [
        Smoothing(level, trend, season, damping, p)
        for level, (trend, damping), (season, p) in product(_LEVELS, _TRENDS, seasons)
    ]
    best = min(tried, key=lambda weights: squared_error(examples, rows, forecast(examples, rows, weights)))
    return Fitted(lambda rows: forecast(examples, rows, best), str(best), len(examples.rows("training")))


def forecast(examples: Examples, rows: Ints, weights: Smoothing) -> Floats:
    """[n, H * K] changes from the last value, of each example from the steps up to its last."""
    order = np.argsort(examples.ends[rows], kind="stable")
    ends, firsts = examples.ends[rows][order], examples.firsts[rows][order]
    found = np.zeros((len(rows), examples.horizon, examples.columns))
    for column in range(examples.columns):
        values = np.ascontiguousarray(examples.series[:, column])
        out = np.zeros((len(rows), examples.horizon))
        _smooth(values, ends, firsts, *weights[:4], weights.period, np.zeros(weights.period), out)
        found[order, :, column] = out - values[ends][:, None]
    return np.nan_to_num(found, nan=0.0).reshape(len(rows), -1)


def _smooth(
    values: Any, ends: Any, firsts: Any, level_weight: float, trend_weight: float, season_weight: float,
    damping: float, period: int, season: Any, out: Any,
) -> None:  # fmt: skip
    """values: [R]. ends, firsts: [n] ascending; out: [n, H] forecasts after the step `ends`. season: [period] to work
    in. Within the first period of a series nothing is known of the season yet: the level alone is forecast."""
    first, at, level, trend, count = -1, 0, 0.0, 0.0, 0
    for n in range(len(ends)):
        if firsts[n] != first:
            first, at, count, level, trend = firsts[n], firsts[n], 0, 0.0, 0.0
            season[:] = np.nan
        while at <= ends[n]:
            value, place = values[at], (at - first) % period
            at += 1
            if count == 0 or at - first <= period:  # the first period as it is: its mean, and what differs from it
                if not np.isnan(value):
                    count += 1
                    level += (value - level) / count
                    season[place] = value
                if at - first >= period:
                    for k in range(period):
                        season[k] = 0.0 if np.isnan(season[k]) else season[k] - level
            elif not np.isnan(value):
                error = value - level - damping * trend - season[place]
                level += damping * trend + level_weight * error
                trend = damping * trend + level_weight * trend_weight * error
                season[place] += season_weight * error
        grown, factor = 0.0, 1.0
        for h in range(out.shape[1]):
            factor *= damping
            grown += factor * trend
            known = season[(at + h - first) % period] if at - first >= period else 0.0
            out[n, h] = level + grown + known


_smooth = outermost(_smooth)
