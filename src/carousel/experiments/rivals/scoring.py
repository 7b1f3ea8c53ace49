"""What a rival's answers are worth: the score and error that networks are measured by, without torch."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.prepare.baseline import future, log_likelihood, r2
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.guesses import next_frames


def score(examples: Examples, rows: Ints, predicted: Floats) -> float:
    """Accuracy, R² (the mean over columns) or nats a frame. NaN where a target does not vary."""
    p = examples.prepared
    if p.kind == "classification":
        return float((predicted.argmax(axis=1) == p.y[rows]).mean())
    if p.kind == "piano-roll":
        return log_likelihood(next_frames(p, rows), predicted)
    if p.kind == "regression":
        return r2(p.y[rows].astype(np.float64), predicted)
    actual, last = future(p, rows)
    return r2(*(values.reshape(-1, examples.columns) for values in (actual, last + predicted.reshape(actual.shape))))


def rmse(examples: Examples, rows: Ints, predicted: Floats) -> float | None:
    """Root mean square error in the target's own unit; None for classes, piano rolls, several columns and
    series of units of their own."""
    p = examples.prepared
    if p.kind in ("classification", "piano-roll") or len(p.y_std) > 1 or p.own is not None:
        return None
    return float(np.sqrt((((predicted - p.y[rows]) * p.y_std) ** 2).mean()))


def squared_error(examples: Examples, rows: Ints, predicted: Floats) -> float:
    """Mean squared error of scaled targets."""
    return float(((predicted - examples.y[rows]) ** 2).mean())
