"""Names for the arrays of this package. Letters: R steps of all sequences concatenated, N examples, C channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NoteValue = str | int | float | bool | list[str] | None
Note = dict[str, NoteValue]  # a remark of the data card: {"key": name of the text, and the text's values}

PARTS = ("training", "validation", "test")  # a part is stored as its place in this row


def firsts_of(lengths: Ints) -> Bools:
    """[R] true where a sequence begins."""
    first = np.zeros(int(lengths.sum()), dtype=bool)
    first[starts_of(lengths)] = True
    return first


def starts_of(lengths: Ints) -> Ints:
    """[N] where each sequence begins, all of them concatenated."""
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def constant_part(values: Floats, part: Ints) -> tuple[str, Floats] | None:
    """The first part whose values are all alike, and these, which may be none. values: [N] or more axes; part: [N]."""
    for number, name in enumerate(PARTS):
        inside = values[part == number]
        if not inside.size or inside.min() == inside.max():
            return name, inside
    return None


def spans(starts: Ints, lengths: Ints) -> Ints:
    """[sum of lengths] the places from each start on, as many as its length says, one span after the other."""
    found: Ints = np.repeat(starts - starts_of(lengths), lengths) + np.arange(int(lengths.sum()))
    return found
