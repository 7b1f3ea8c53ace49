"""Fit one rival on one split and measure it, as a trial of a network is measured. One thread; no torch."""

from __future__ import annotations

import math
import time

import numpy as np
from threadpoolctl import threadpool_limits

from carousel.experiments.columns import RivalMeasures
from carousel.experiments.data.prepare.baseline import baseline_of
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.rivals.base import Fit
from carousel.experiments.rivals.boosting import boosting
from carousel.experiments.rivals.convolutions import random_convolutions
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.guesses import mean, most_frequent, persistence
from carousel.experiments.rivals.linear import linear
from carousel.experiments.rivals.scoring import rmse, score
from carousel.experiments.rivals.seasonal import seasonal_naive
from carousel.experiments.rivals.smoothing import exponential_smoothing

FITS: dict[str, Fit] = {
    "most-frequent": most_frequent,
    "mean": mean,
    "persistence": persistence,
    "seasonal-naive": seasonal_naive,
    "exponential-smoothing": exponential_smoothing,
    "linear": linear,
    "boosting": boosting,
    "random-convolutions": random_convolutions,
}


def run_rival(name: str, prepared: Prepared, seed: int) -> RivalMeasures:
    """Its numbers on the test part. The same for the same split and seed, but for the seconds."""
    began = time.process_time()
    with threadpool_limits(1):
        examples = Examples(prepared)
        fitted = FITS[name](examples, seed)
        parts = {part: examples.rows(part) for part in ("validation", "test")}
        predicted = {part: np.asarray(fitted.predict(rows)) for part, rows in parts.items()}
    return RivalMeasures(
        score=score(examples, parts["test"], predicted["test"]),
        validation_score=_known(score(examples, parts["validation"], predicted["validation"])),
        baseline_score=baseline_of(prepared).chance,
        rmse=rmse(examples, parts["test"], predicted["test"]),
        setting=fitted.setting,
        fitted_on=fitted.fitted_on,
        seconds=time.process_time() - began,
    )


def _known(value: float) -> float | None:
    """None for a score that is none: of a part whose targets do not vary."""
    return value if math.isfinite(value) else None
