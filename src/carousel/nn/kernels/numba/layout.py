"""How a batch is laid out in memory while a kernel works on it: sorted by length, step by step, without its padding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

_SLICE = 16  # sequences in a slice, about: enough to use each weight in cache twice, few enough for many threads
_UNIT = 8  # sequences in a register tile: slices are cut at its multiples


@dataclass(frozen=True, eq=False)
class Layout:
    """steps: T. batch: B. total: N, the true steps of all sequences.

    order: [B], the batch sorted by length, longest first (as in a PackedSequence). start: [T + 1]; the sequences that
    run at step t have the rows start[t] .. start[t + 1], in that order. bounds: where slices of the batch begin, and B.
    """

    steps: int
    batch: int
    total: int
    order: np.ndarray
    start: np.ndarray
    bounds: np.ndarray
    equal: bool

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The fields of a record that describe it."""
        found = {name: getattr(self, name).ctypes.data for name in ("start", "order", "bounds")}
        most = int(np.diff(self.bounds).max())
        return found | {
            "steps": self.steps, "batch": self.batch, "total": self.total, "slices": len(self.bounds) - 1, "most": most
        }  # fmt: skip

    def rows(self) -> np.ndarray:
        """[T, B] in the caller's order: the internal row of each step, 0 at padding."""
        each = self.start[:-1, None] + np.arange(self.batch)
        found = np.empty((self.steps, self.batch), np.int64)
        found[:, self.order] = np.where(each < self.start[1:, None], each, 0)
        return found

    def last_rows(self, after: int) -> np.ndarray:
        """[B] in the caller's order: the row of each sequence's last step in a direction of time (+1 or -1)."""
        rows = np.arange(self.batch) if after < 0 else self.start[self._lengths() - 1] + np.arange(self.batch)
        found = np.empty(self.batch, np.int64)
        found[self.order] = rows
        return found

    def previous_rows(self, after: int) -> np.ndarray:
        """[T, B] in the caller's order: the row of the step before, or N + b (the initial state) at the first."""
        t, b = np.arange(self.steps)[:, None] - after, np.arange(self.batch)
        inside = (t >= 0) & (t < self._lengths())
        found = np.empty((self.steps, self.batch), np.int64)
        found[:, self.order] = np.where(inside, self.start[np.clip(t, 0, self.steps)] + b, self.total + b)
        return found

    def _lengths(self) -> np.ndarray:
        """[B], in the layout's order."""
        found: np.ndarray = (np.diff(self.start)[:, None] > np.arange(self.batch)).sum(axis=0)
        return found


@lru_cache(maxsize=64)
def equal_layout(steps: int, batch: int) -> Layout:
    """All sequences have T steps."""
    start = np.arange(steps + 1, dtype=np.int64) * batch
    return Layout(steps, batch, steps * batch, np.arange(batch), start, _bounds(batch), equal=True)


def unequal_layout(lengths: np.ndarray, steps: int) -> Layout:
    """lengths: [B], each 1 .. T, in any order."""
    order = np.argsort(-lengths, kind="stable")
    counts = np.searchsorted(-lengths[order], -np.arange(steps), side="left")  # how many are longer than t, for every t
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Layout(steps, len(lengths), int(start[-1]), order, start, _bounds(len(lengths)), equal=False)


def _bounds(batch: int) -> np.ndarray:
    """Slices of about equal size, a power of two of them, cut at multiples of a tile: a function of B alone, so that no
    sum depends on the number of threads."""
    slices = 1 << max(0, max(batch // _SLICE, 1).bit_length() - 1)
    tiles = -(-batch // _UNIT)
    return np.array([min(batch, _UNIT * (tiles * k // slices)) for k in range(slices + 1)], np.int64)
