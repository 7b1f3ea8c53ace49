"""Sequences of a file that is no table, read for an answer: the target is not asked for, and not looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.card import Spacing
from carousel.experiments.data.read import npz, pianoroll, ts
from carousel.experiments.data.read.source import Source


class Unanswered(NamedTuple):
    """x: [R, C], all steps concatenated, NaN where missing. lengths: [N]. names: [N] how a person finds each. channels:
    C names, as training gives them. named: what a name is. spacing: of the steps, where the file has time stamps."""

    x: Floats
    lengths: Ints
    names: list[str]
    channels: tuple[str, ...]
    named: str
    spacing: Spacing | None = None


def _npz(source: Source, forecast: bool) -> Unanswered:
    """Array x: [N, T, C] or [N, T], lengths [N] where it is there; of a forecast one series, [T] or [T, C]."""
    arrays, _ = npz.arrays_of(source)
    shapes = "[T] or [T, C]" if forecast else "[N, T, C] or [N, T]"
    x = npz.numbers_of(arrays.pop("x", None), "x", f"what is to be answered, {shapes}")
    if x.ndim not in ((1, 2) if forecast else (2, 3)):
        raise BadData("array 'x' has the wrong shape", allowed=shapes, got=f"shape {x.shape}", fix="reshape it")
    channels = tuple(npz.columns_of(x if forecast else x.reshape(*x.shape[:2], -1)))
    if forecast:
        return Unanswered(x.reshape(len(x), -1), np.array([len(x)]), ["the series"], channels, "series")
    count, steps = x.shape[:2]
    lengths = npz.lengths_of(arrays.get("lengths"), count, steps)
    kept = x.reshape(count, steps, -1)[np.arange(steps) < lengths[:, None]]
    return Unanswered(kept, lengths, [str(n) for n in range(count)], channels, "sequence")


def _ts(source: Source, forecast: bool) -> Unanswered:
    """The cases, by the line each stands in."""
    cases = ts.parse(source, answered=False)
    channels = tuple(f"dim{c + 1}" for c in range(cases.values[0].shape[1]))
    lengths = np.array([len(values) for values in cases.values])
    spacing = None if cases.timed is None else cases.timed.spacing()
    names = [str(line) for line in cases.lines]
    return Unanswered(np.concatenate(cases.values), lengths, names, channels, "line", spacing)


def _rolls(source: Source, forecast: bool) -> Unanswered:
    """The pieces of those of the three arrays that are there."""
    arrays = pianoroll.load_arrays(source)
    there = [name for name in pianoroll.NAMES if any(key.startswith(f"{name}.") for key in arrays)]
    pieces = [pianoroll.pieces_of(source, arrays, name) for name in there or pianoroll.NAMES[-1:]]
    names = [f"{name}[{n}]" for name, part in zip(there, pieces, strict=True) for n in range(len(part))]
    joined = [piece for part in pieces for piece in part]
    channels = tuple(f"key {k + 1}" for k in range(pianoroll.KEYS))
    return Unanswered(np.concatenate(joined), np.array([len(piece) for piece in joined]), names, channels, "piece")


UNANSWERED: dict[str, Callable[[Source, bool], Unanswered]] = {".npz": _npz, ".ts": _ts, ".mat": _rolls}
