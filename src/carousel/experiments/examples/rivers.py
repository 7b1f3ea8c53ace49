"""Two days of rain over a valley, from three gauges: how high is the river in the end? One number a storm.

The soil takes up rain until it is full, the rest runs off; upstream rain needs hours to arrive, and the river drains
by a share of itself each hour. The level is a sum that forgets, with a threshold in front of it: a network has to keep
two amounts, neither of which is in any one row. Scored by R² against the mean. A
line through the sums of the gauges reaches 0.55; a good method must be better than that.
"""

from __future__ import annotations

from typing import final

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions
from carousel.experiments.examples.base import Example, stacked

STORMS, HOURS = 300, 48
DELAYS = (8, 4, 0)  # hours from a gauge to the bridge
SOIL = 20.0  # mm that the soil can hold
DRIES = 0.99  # what the soil holds after an hour
DRAINS = 0.9  # what the river holds after an hour


@final
class Rivers(Example):
    """Columns: storm, hour, upper, middle, lower (mm of rain in the hour), level (m, at the end of the storm)."""

    name = "rivers"
    options = DataOptions(target="level", group="storm", order="hour", kind="regression")

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        return stacked([_storm(rng, number) for number in range(1, STORMS + 1)])

    def command(self, path: str) -> str:
        return f"{super().command(path)} --kind regression"


def _storm(rng: np.random.Generator, number: int) -> dict[str, object]:
    upper, middle, lower = rain = _showers(rng)
    level = round(_level(rng.uniform(0, SOIL), rain) + float(rng.normal(0, 0.02)), 2)
    return {
        "storm": number,
        "hour": np.arange(HOURS),
        "upper": upper,
        "middle": middle,
        "lower": lower,
        "level": level,
    }


def _showers(rng: np.random.Generator) -> np.ndarray:
    """Three to eight showers of a few hours, each over every gauge in its own strength; [gauge, hour] in mm."""
    rain = np.zeros((len(DELAYS), HOURS))
    for _ in range(int(rng.integers(3, 9))):
        begin, hours = int(rng.integers(0, HOURS)), int(rng.integers(2, 7))
        strength = rng.exponential(2.5) * rng.uniform(0.3, 1.7, (len(DELAYS), 1))
        rain[:, begin : begin + hours] += strength
    return rain


def _level(soil: float, rain: np.ndarray) -> float:
    """Metres at the bridge after the last hour."""
    river = 0.0
    arriving = np.stack([np.pad(fallen, (delay, 0))[:HOURS] for delay, fallen in zip(DELAYS, rain, strict=True)])
    for fallen in arriving.mean(axis=0):
        soil = DRIES * soil + fallen
        river = DRAINS * river + max(soil - SOIL, 0.0)
        soil = min(soil, SOIL)
    return 0.5 + 0.1 * river
