"""Fewer numbers than were recorded, where a picture cannot hold them all: units sampled, steps averaged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def evenly(count: int, at_most: int) -> NDArray[np.int64]:
    """Indices below `count`, evenly spaced, the first and the last among them; all where there are few."""
    return np.unique(np.linspace(0, count - 1, min(count, at_most)).round().astype(np.int64))


def block_size(count: int, at_most: int) -> int:
    """How many steps are averaged so that no more than `at_most` columns are left."""
    return max(1, -(-count // at_most))


def block_means(values: Array, size: int) -> Array:
    """[T, ...] -> [ceil(T / size), ...]: means over `size` steps after another, the last block over what is left.

    NaN marks a value that is not there and does not count; a block of nothing else is NaN.
    """
    if size == 1:
        return values
    starts = np.arange(0, len(values), size)
    there = ~np.isnan(values)
    counts = np.add.reduceat(there.astype(np.float64), starts, axis=0)
    sums = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
