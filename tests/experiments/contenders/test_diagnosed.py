"""A contender's network, as `load_best` gives it, is diagnosed like any model: right sites, and fixes that work."""

from __future__ import annotations

TASK = "delayed-recall"
#: Unequal lengths, the optimiser, or a step of the training.
NEEDS_MORE = {"lengths-order", "train-step", "padded-read", "padding-in-loss", "unstable-learning-rate"}
