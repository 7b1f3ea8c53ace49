"""Machines and their hourly readings: which will fail within a day of the last reading? One class a machine.

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

MACHINES = 300
SHORTEST, LONGEST = 36, 72  # hours of readings
SHOCK = 2.5  # mm/s above the usual vibration
HEAT = 12.0  # °C above the usual temperature
HOT = (4, 12)  # hours of running hot; a damaged bearing does not bear the longer
OTHERWISE = 0.03  # share of machines whose fate is turned around


@final
class Machines(Example):
    """Columns: machine, hour, vibration (mm/s), temperature (°C), load (share of the rated), fails (yes or no)."""

    name = "machines"
    options = DataOptions(target="fails", group="machine", order="hour")

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        return stacked([_machine(rng, f"M{number:03d}") for number in range(1, MACHINES + 1)])


def _machine(rng: np.random.Generator, name: str) -> dict[str, object]:
    hours = int(rng.integers(SHORTEST, LONGEST + 1))
    load = 0.6 + 0.2 * np.sin(2 * np.pi * (np.arange(hours) + rng.uniform(0, 24)) / 24) + rng.normal(0, 0.05, hours)
    vibration = 1.0 + 0.8 * load + rng.normal(0, 0.15, hours)
    temperature = 40 + 15 * load + rng.normal(0, 1.0, hours)
    damaged, hot_hours = bool(rng.random() < 0.5), int(rng.choice(HOT))
    if damaged:
        shock = int(rng.integers(2, hours // 2))
        vibration[shock : shock + 2] += SHOCK
    begin = int(rng.integers(hours // 2, hours - hot_hours))
    temperature[begin : begin + hot_hours] += HEAT
    fails = (damaged and hot_hours == max(HOT)) != bool(rng.random() < OTHERWISE)
    return {
        "machine": name,
        "hour": np.arange(hours),
        "vibration": vibration,
        "temperature": temperature,
        "load": load,
        "fails": "yes" if fails else "no",
    }
