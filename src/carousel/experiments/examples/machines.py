"""Machines and their hourly readings, watched three times each: which will fail within a day of the last reading? One
class a watch; a machine is a block, since some are damaged more often and all have a level of vibration of their own.

A bearing may be damaged in a short shock of vibration, somewhere in the first half of the readings. Later every machine
runs hot for a while, for four hours or for twelve. A machine fails that was damaged and then ran hot for long; no
reading tells it alone. A network must keep one moment for up to seventy hours. Three machines of a hundred do
otherwise, so no method can expect an accuracy above 0.97, and "none will fail" is right for
about three of four.
"""

from __future__ import annotations

from typing import final

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions
from carousel.experiments.examples.base import Example, stacked

MACHINES, WATCHES = 100, 3
SHORTEST, LONGEST = 36, 72  # hours of readings
SHOCK = 2.5  # mm/s above the usual vibration
HEAT = 12.0  # °C above the usual temperature
LEVEL = 0.2  # mm/s by which the usual vibration of a machine may be higher or lower
DAMAGED = (0.2, 0.8)  # how often a machine is damaged: the least and the most
HOT = (4, 12)  # hours of running hot; a damaged bearing does not bear the longer
OTHERWISE = 0.03  # share of machines whose fate is turned around


@final
class Machines(Example):
    """Columns: watch, machine, hour, vibration (mm/s), temperature (°C), load (of the rated one), fails (yes or no)."""

    name = "machines"
    options = DataOptions(target="fails", group="watch", order="hour", block="machine")

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        made = []
        for number in range(MACHINES):
            level, often = rng.uniform(-LEVEL, LEVEL), rng.uniform(*DAMAGED)
            for watch in range(number * WATCHES, (number + 1) * WATCHES):
                made.append({"watch": watch + 1, "machine": f"M{number + 1:03d}", **_watched(rng, level, often)})
        return stacked(made)


def _watched(rng: np.random.Generator, level: float, often: float) -> dict[str, object]:
    hours = int(rng.integers(SHORTEST, LONGEST + 1))
    load = 0.6 + 0.2 * np.sin(2 * np.pi * (np.arange(hours) + rng.uniform(0, 24)) / 24) + rng.normal(0, 0.05, hours)
    vibration = 1.0 + level + 0.8 * load + rng.normal(0, 0.15, hours)
    temperature = 40 + 15 * load + rng.normal(0, 1.0, hours)
    damaged, hot_hours = bool(rng.random() < often), int(rng.choice(HOT))
    if damaged:
        shock = int(rng.integers(2, hours // 2))
        vibration[shock : shock + 2] += SHOCK
    begin = int(rng.integers(hours // 2, hours - hot_hours))
    temperature[begin : begin + hot_hours] += HEAT
    fails = (damaged and hot_hours == max(HOT)) != bool(rng.random() < OTHERWISE)
    return {
        "hour": np.arange(hours),
        "vibration": vibration,
        "temperature": temperature,
        "load": load,
        "fails": "yes" if fails else "no",
    }
