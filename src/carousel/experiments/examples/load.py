"""The electric load of a town, hour by hour, with the weather: what will it be in the next hours?

The load is a daily curve, lower at weekends, plus heating and a deviation that dies away over hours. Heating follows
the cold of the last half day or so, not of this hour: buildings are slow. So the last value is a poor forecast, a
network that finds the time of day in the history a good one, and one that also keeps the temperatures of many hours
the best. Scored by R²; the last value seen scores below 0, so a good method is far above it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import final

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions
from carousel.experiments.examples.base import Example

DAYS = 70
BASE, DAILY, EVENING, WEEKEND = 50.0, 12.0, 6.0, -8.0  # MW
HEATING = 1.6  # MW for each degree below 18
SLOW = 12.0  # hours in which buildings follow the weather
NOISE, DECAY = 0.8, 0.8  # MW; what is left of a deviation after an hour


@final
class Load(Example):
    """Columns: time, load (MW), temperature (°C), weekend (0 or 1)."""

    name = "load"
    options = DataOptions(forecast=("load",), order="time")
    decimals = 2

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        hours = np.arange(24 * DAYS)
        weekend = (hours // 24) % 7 >= 5
        temperature = _temperature(rng, hours)
        daily = DAILY * np.sin(2 * np.pi * (hours - 8) / 24) + EVENING * np.sin(4 * np.pi * (hours - 5) / 24)
        cold = np.maximum(18 - _slowly(temperature, 1 - 1 / SLOW), 0)
        load = BASE + daily + WEEKEND * weekend + HEATING * cold + _wandering(rng, len(hours), NOISE, DECAY)
        start = datetime(2024, 1, 1)  # a Monday
        times = [(start + timedelta(hours=int(hour))).strftime("%Y-%m-%d %H:%M") for hour in hours]
        return pl.DataFrame(
            {"time": times, "load": load, "temperature": temperature, "weekend": weekend.astype(np.int64)}
        )


def _temperature(rng: np.random.Generator, hours: np.ndarray) -> np.ndarray:
    """Winter turning to spring, warmer by day, and weather that lasts for days."""
    season = 2 + 8 * hours / len(hours)
    return season + 3 * np.sin(2 * np.pi * (hours - 9) / 24) + _wandering(rng, len(hours), 0.6, 0.985)


def _wandering(rng: np.random.Generator, steps: int, noise: float, decay: float) -> np.ndarray:
    """Noise of which the share `decay` is left after each step."""
    return _slowly(rng.normal(0, noise / (1 - decay), steps), decay, start=0.0)


def _slowly(values: np.ndarray, keep: float, start: float | None = None) -> np.ndarray:
    """What follows the values, keeping the share `keep` of itself at each step."""
    state = values[0] if start is None else start
    followed = np.empty_like(values)
    for step, value in enumerate(values):
        state = keep * state + (1 - keep) * value
        followed[step] = state
    return followed
