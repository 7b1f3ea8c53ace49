"""Solved-rate against length: the logistic curve on ln T, the length solved by half, and the area under it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

RIDGE = 0.01  # keeps the slope finite where one length is solved by all and the next by none


class LengthCurve(NamedTuple):
    """T50: the length half of the trials solve, infinite or 0 where it lies outside any reach; `area`: mean rate
    over ln T between the shortest and the longest length."""

    t50: float
    area: float


@lru_cache(maxsize=4096)
def fit_length_curve(lengths: tuple[int, ...], solved: tuple[float, ...], trials: tuple[int, ...]) -> LengthCurve:
    """Fit rate = 1 / (1 + exp(-(a + b (ln T - m)))) by penalised maximum likelihood.

    `lengths`, `solved`, `trials`: one entry a length, at least two different lengths, each with a trial.
    """
    import numpy as np
    from scipy import optimize, special

    log_length = np.log(lengths)
    centre, x = log_length.mean(), log_length - log_length.mean()
    k, n = np.asarray(solved, dtype=float), np.asarray(trials, dtype=float)

    def loss(ab: np.ndarray) -> float:
        logit = ab[0] + ab[1] * x
        return float(np.sum(n * np.logaddexp(0, logit) - k * logit) + RIDGE * np.sum(ab**2))

    a, b = optimize.minimize(loss, np.zeros(2), method="BFGS").x
    grid = np.linspace(x.min(), x.max(), 101)
    area = float(np.trapezoid(special.expit(a + b * grid), grid) / (grid[-1] - grid[0]))
    return LengthCurve(_half(a, b, centre), area)


def _half(a: float, b: float, centre: float) -> float:
    """Where the curve crosses one half; a curve that hardly falls is beyond reach on the side it leans to."""
    if b >= -1e-3:
        return math.inf if a > 0 else 0.0
    exponent = centre - a / b
    return math.exp(exponent) if exponent < 12 else math.inf
