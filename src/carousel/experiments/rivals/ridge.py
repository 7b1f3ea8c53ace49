"""Ridge regression over a path of penalties, the one that errs least on the validation part kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import linalg

from carousel.experiments.data.arrays import Floats, Singles

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # of the squared weights of scaled features, a training example


class Ridge(NamedTuple):
    """weights: [F, O] of scaled features; mean, scale: [F]; offset: [O]. penalty: of each example."""

    weights: Floats
    mean: Floats
    scale: Floats
    offset: Floats
    penalty: float

    def predict(self, features: Singles) -> Floats:
        """[n, O] from features [n, F]."""
        return np.asarray((features - self.mean) / self.scale @ self.weights + self.offset)


def fit_ridge(x: Singles, y: Floats, held_out: Singles, error: Callable[[Floats], float]) -> Ridge:
    """x: [n, F], y: [n, O]. error: of predictions [m, O] for `held_out` [m, F]; the largest penalty of the least error
    is kept."""
    mean, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    scale[scale < 1e-8] = 1.0
    offset = y.mean(axis=0)
    solve = _solver((x - mean) / scale, y - offset)
    path = [Ridge(solve(penalty), mean, scale, offset, penalty) for penalty in reversed(PENALTIES)]
    return min(path, key=lambda fitted: error(fitted.predict(held_out)))


def _solver(x: Floats, y: Floats) -> Callable[[float], Floats]:
    """Weights [F, O] for a penalty: by the smaller of the two products of x with itself."""
    n, width = x.shape
    wide = width > n
    gram = x @ x.T if wide else x.T @ x
    right = y if wide else x.T @ y

    def solve(penalty: float) -> Floats:
        regular = gram.copy()
        regular[np.diag_indices_from(regular)] += penalty * n
        found = linalg.solve(regular, right, assume_a="pos", overwrite_a=True, check_finite=False)
        return x.T @ found if wide else found

    return solve
