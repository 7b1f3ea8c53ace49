"""Gradient norms of a training, before clipping, summed up for the claim about exploding gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPIKE = 100.0  # times the running median
_WINDOW = 101


class Norms(NamedTuple):
    """largest: the largest finite norm. spike_share: share of steps above 100 x the running median of the 101 steps
    before them. nan_share: share of steps whose norm or loss was not finite."""

    largest: float | None
    spike_share: float
    nan_share: float


def summarise_norms(norms: list[float]) -> Norms:
    """The summary of one trial's norms, one a step."""
    values = np.asarray(norms)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Norms(None, 0.0, 1.0)
    spikes = int((finite[1:] > SPIKE * _running_median(finite)[:-1]).sum())
    return Norms(float(finite.max()), spikes / len(values), 1.0 - len(finite) / len(values))


def _running_median(values: Floats) -> Floats:
    """[n]: the median of each value and up to 100 before it."""
    padded = np.concatenate([np.full(_WINDOW - 1, np.nan), values])
    median: Floats = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    return median
