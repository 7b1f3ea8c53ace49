"""Gradient norms of a training, before clipping, summed up for the claim about exploding gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPIKE = 100.0  # times the running median
_WINDOW = 101


class Norms(NamedTuple):
    """largest: the largest finite norm. spike_share: share of steps above 100 x the running median of the 101 steps
    before them. nan_share: share of steps whose norm or loss was not finite. spike_steps: the steps of either kind,
    counted from 1, in order, as text: "12 340 341"."""

    largest: float | None
    spike_share: float
    nan_share: float
    spike_steps: str


def summarise_norms(norms: Sequence[float], losses: Sequence[float]) -> Norms:
    """The summary of one trial's norms and losses, one a step."""
    values = np.asarray(norms)
    finite = np.isfinite(values) & np.isfinite(np.asarray(losses))
    kept = values[finite]
    spiked = np.zeros(len(values), np.bool_)
    if len(kept):
        spiked[np.flatnonzero(finite)[1:]] = kept[1:] > SPIKE * _running_median(kept)[:-1]
    steps = " ".join(str(step) for step in np.flatnonzero(spiked | ~finite) + 1)
    largest = float(kept.max()) if len(kept) else None
    return Norms(largest, float(spiked.mean()), float((~finite).mean()), steps)


def _running_median(values: Floats) -> Floats:
    """[n]: the median of each value and up to 100 before it."""
    padded = np.concatenate([np.full(_WINDOW - 1, np.nan), values])
    median: Floats = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    return median
