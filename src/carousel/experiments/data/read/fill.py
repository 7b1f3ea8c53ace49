"""Gaps filled by a rule that the user names, within each sequence; without it a gap stays one, and is marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carousel.experiments.data.arrays import Bools, Floats, Ints, Note, starts_of
from carousel.experiments.data.options import Fill


def filled(x: Floats, lengths: Ints, rule: Fill | None, to_come: Sequence[int] = ()) -> tuple[Floats, list[Note]]:
    """x [R, C] with fewer gaps, and what was done. "last": the last value before; "linear": on the line between the
    values before and after. What has no value before (or, for the line, after) it stays a gap. No sequence fills
    another. to_come: columns whose gaps at the end of a sequence are no gaps, but steps to be forecast."""
    gap = np.isnan(x)
    coming = _without_a_later(gap, lengths)
    coming[:, [place for place in range(x.shape[1]) if place not in to_come]] = False
    gap &= ~coming
    if rule is None or not gap.any():
        return x, []
    starts = np.repeat(starts_of(lengths), lengths)
    ends = starts + np.repeat(lengths, lengths) - 1
    made = np.stack([_column(x[:, c], gap[:, c], starts, ends, rule) for c in range(x.shape[1])], axis=1)
    left = int(np.isnan(made).sum() - coming.sum())
    return made, [{"key": f"filled_{rule}", "count": int(gap.sum()) - left, "left": left}]


def _without_a_later(gap: Bools, lengths: Ints) -> Bools:
    """[R, C] the gaps that no value of their sequence follows."""
    ends = np.repeat(starts_of(lengths) + lengths, lengths)[:, None]
    next_value = np.where(gap, len(gap), np.arange(len(gap))[:, None])
    found: Bools = np.minimum.accumulate(next_value[::-1], axis=0)[::-1] >= ends
    return found


def _column(values: Floats, gap: np.ndarray, starts: Ints, ends: Ints, rule: Fill) -> Floats:
    steps = np.arange(len(values))
    before = np.maximum.accumulate(np.where(gap, -1, steps))
    after = np.minimum.accumulate(np.where(gap, len(values), steps)[::-1])[::-1]
    known = before >= starts
    if rule == "last":
        return np.where(known, values[before], np.nan)
    known &= after <= ends
    first, last = values[np.where(known, before, 0)], values[np.where(known, after, 0)]
    share = (steps - before) / np.maximum(after - before, 1)
    between = first + share * (last - first)
    return np.where(gap, np.where(known, between, np.nan), values)
