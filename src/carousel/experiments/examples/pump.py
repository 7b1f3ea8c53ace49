"""A pump, minute by minute, over many shifts: is it idle, pumping or clogging? A label at each step.

Pressure and current tell pumping from idling at once. A clog does not show in one reading: the current is as it was,
and the pressure creeps up by less than its own noise, for as long as the clog lasts. It is found by what the pressure
was some minutes ago, and each shift has a pressure level of its own. So a method that sees one reading alone takes a
clog for pumping.
"""

from __future__ import annotations

from typing import final

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions
from carousel.experiments.examples.base import Example, stacked

SHIFTS, MINUTES = 40, 120
STATES = ("idle", "pumping", "clogging")
STAYS = {"idle": (6, 16), "pumping": (15, 40), "clogging": (10, 25)}  # minutes in a state: the least and the most
LEVEL = (1.8, 2.6)  # bar while pumping, another in each shift
CREEP = 0.035  # bar a minute by which the pressure of a clog grows
NOISE = 0.08  # bar
OFTEN = 0.5  # of pumping that ends in a clog


@final
class Pump(Example):
    """Columns: shift, minute, pressure (bar), current (A), state."""

    name = "pump"
    options = DataOptions(target="state", group="shift", order="minute", every_step=True)

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        return stacked([_shift(rng, number) for number in range(1, SHIFTS + 1)])

    def command(self, path: str) -> str:
        return f"{super().command(path)} --every-step"


def _shift(rng: np.random.Generator, number: int) -> dict[str, object]:
    states = _states(rng)
    level, pressure, clogged = rng.uniform(*LEVEL), np.empty(MINUTES), 0
    for minute, state in enumerate(states):
        clogged = clogged + 1 if state == "clogging" else 0
        pressure[minute] = 0.2 if state == "idle" else level + CREEP * clogged
    current = np.where(states == "idle", 0.5, 6.0)
    return {
        "shift": number,
        "minute": np.arange(MINUTES),
        "pressure": pressure + rng.normal(0, NOISE, MINUTES),
        "current": current + rng.normal(0, 0.3, MINUTES),
        "state": states,
    }


def _states(rng: np.random.Generator) -> np.ndarray:
    """[MINUTES] idle, then pumping, sometimes a clog, then idle again."""
    found: list[str] = []
    state = "idle"
    while len(found) < MINUTES:
        low, high = STAYS[state]
        found += [state] * int(rng.integers(low, high + 1))
        follows = "clogging" if rng.random() < OFTEN else "idle"
        state = {"idle": "pumping", "pumping": follows, "clogging": "idle"}[state]
    return np.array(found[:MINUTES])
