"""Gradient norms of a training, before clipping, summed up for the claim about exploding gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    finite = np.isfinite(values)
    largest = float(values[finite].max()) if finite.any() else None
    spikes = int((values[finite][1:] > SPIKE * _running_median(values[finite])[:-1]).sum())
    return Norms(largest, spikes / len(values), float((~finite).mean()))


def _running_median(values: np.ndarray) -> np.ndarray:
    """[n]: the median of each value and up to 100 before it."""
    padded = np.concatenate([np.full(_WINDOW - 1, np.nan), values])
    return np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
