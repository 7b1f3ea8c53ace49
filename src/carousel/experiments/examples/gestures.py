"""Gestures of unequal length from a wrist sensor: which of four is it? One class for each group of rows.

A circle to the left and one to the right, a stroke along x and then y and one along y and then x; circles begun
anywhere, all of them of any size and number of steps, and noisy. The two of a pair hold the same values in another
order, so a method that ignores the order (means and spreads of a channel) can tell circles from strokes and no more: an
accuracy of one half. A recurrent network has to compare a step with those before it; a good one
is right on more than four gestures of five.
"""

from __future__ import annotations

from typing import final

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions
from carousel.experiments.examples.base import Example, stacked

GESTURES = ("circle-left", "circle-right", "x-then-y", "y-then-x")
EACH = 60  # gestures of each kind
SHORTEST, LONGEST = 20, 60  # steps
NOISE = 0.15


@final
class Gestures(Example):
    """Columns: gesture, step, ax, ay, label."""

    name = "gestures"
    options = DataOptions(target="label", group="gesture", order="step")

    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        labels = rng.permutation(np.repeat(GESTURES, EACH))
        return stacked([_gesture(rng, number, str(label)) for number, label in enumerate(labels)])


def _gesture(rng: np.random.Generator, number: int, label: str) -> dict[str, object]:
    steps = int(rng.integers(SHORTEST, LONGEST + 1))
    path = _circle(rng, steps, label) if label.startswith("circle") else _strokes(steps, label)
    ax, ay = (rng.uniform(0.7, 1.3) * path + rng.normal(0, NOISE, path.shape)).T
    return {"gesture": number, "step": np.arange(steps), "ax": ax, "ay": ay, "label": label}


def _circle(rng: np.random.Generator, steps: int, label: str) -> np.ndarray:
    """Once around from any place, to the left (against the clock) or to the right."""
    turn = 1 if label == "circle-left" else -1
    angle = rng.uniform(0, 2 * np.pi) + turn * np.linspace(0, 2 * np.pi, steps)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _strokes(steps: int, label: str) -> np.ndarray:
    """There and back along one axis, then along the other."""
    first = steps // 2
    path = np.zeros((steps, 2))
    along = 0 if label == "x-then-y" else 1
    path[:first, along] = np.sin(np.linspace(0, 2 * np.pi, first))
    path[first:, 1 - along] = np.sin(np.linspace(0, 2 * np.pi, steps - first))
    return path
