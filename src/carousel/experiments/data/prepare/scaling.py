"""Channels scaled to mean 0 and deviation 1 of the training part; a missing value is 0, and a mask channel marks it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, Note, Singles
from carousel.experiments.data.read.suspicious import beyond, usual_range
from carousel.experiments.data.read.table import ignoring

NO_CHANNELS: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Scaled:
    """x: [R, C + M] scaled channels, then one mask (1: missing) for each channel that ever misses a value.

    mean, std: [C], in the file's units. missing: [C] counts. masked: places of the M channels with a mask.
    """

    x: Singles
    mean: Floats
    std: Floats
    missing: Ints
    masked: list[int]
    notes: list[Note]


def scale(x: Floats, training: Bools, channels: tuple[str, ...], asked: Ints = NO_CHANNELS) -> Scaled:
    """Scale x [R, C] by the steps where `training` [R]. asked: places of the channels to forecast, whose values stay
    as they are. BadData where a channel has no value to go by."""
    gap = np.isnan(x)
    _refuse_unseen(gap, training, channels)
    seen, wild, x = x[training], list[Note](), x.copy()
    for c, name in enumerate(channels):
        wild += _survive(x[:, c], seen[:, c], name, clip=c not in asked)
    mean, std, flat = moments(seen)
    masked = np.flatnonzero(gap.any(axis=0)).tolist()
    scaled = scaled_by(x, mean, std, channels, masked)
    constant: list[Note] = [{"key": "constant", "column": channels[c]} for c in np.flatnonzero(flat)]
    notes = wild + constant
    missing = gap.sum(axis=0)
    if missing.any():
        notes.append({"key": "imputed", "count": int(missing.sum()), "of": int(x.size)})
    return Scaled(scaled, mean, std, missing, masked, notes)


def _survive(values: Floats, seen: Floats, name: str, clip: bool) -> list[Note]:
    """Of a channel with a few wild cells (`usual_range`): take them out of `seen` [S], by which it is scaled, and, in
    place, let no cell of `values` [R] be further than one usual range beyond it."""
    known = ~np.isnan(values)
    bounds = usual_range(seen[~np.isnan(seen)], values[known])
    if bounds is None:
        return []
    low, high = bounds
    seen[beyond(seen, low, high)] = np.nan
    least, most = 2 * low - high, 2 * high - low
    outside = int(((values < least) | (values > most)).sum())
    if not clip:
        return [{"key": "robust_asked", "column": name}]
    np.clip(values, least, most, out=values)
    return [{"key": "robust", "column": name, "count": outside, "least": least, "most": most}]


def scaled_by(x: Floats, mean: Floats, std: Floats, channels: tuple[str, ...], masked: list[int]) -> Singles:
    """x [R, C] scaled by known moments, missing values 0, then a mask for each channel of `masked`."""
    gap = np.isnan(x)
    with np.errstate(over="ignore"):  # refused on the next line, with the column's name
        values = np.where(gap, 0.0, (x - mean) / std)
    refuse_huge(values, channels, float(np.finfo(np.float32).max))
    return np.concatenate([values, gap[:, masked]], axis=1).astype(np.float32)


def moments(x: Floats) -> tuple[Floats, Floats, Bools]:
    """Mean, deviation (1 where all values are equal), and where that is so."""
    size = _size(x)
    mean = np.nanmean(x / size, axis=0) * size
    flat = np.nanmax(x, axis=0) == np.nanmin(x, axis=0)
    std = np.where(flat, 1.0, np.nanstd(x / size, axis=0) * size)
    return mean, std, flat


def root_mean_square(x: Floats) -> Floats:
    """Of x [N, C], over N."""
    size = _size(x)
    return np.asarray(np.sqrt(((x / size) ** 2).mean(axis=0)) * size)


def _size(x: Floats) -> Floats:
    # The square of 1e200 overflows and that of 1e-200 is 0: both are taken relative to the largest value.
    largest = np.nanmax(np.abs(x), axis=0)
    return np.where(largest > 0, largest, 1.0)


def _refuse_unseen(gap: Bools, training: Bools, channels: tuple[str, ...]) -> None:
    unseen = np.flatnonzero(gap[training].all(axis=0))
    if len(unseen):
        everywhere = gap[:, unseen[0]].all()
        raise BadData(
            f"column {channels[unseen[0]]!r} has no value in any "
            + ("row" if everywhere else "row of the training part"),
            fix=f"leave it out: {ignoring([channels[unseen[0]]])}, or remove it from the file",
        )


def refuse_huge(values: Floats, channels: tuple[str, ...], most: float) -> None:
    """BadData for a channel with a value further than `most` deviations from its mean; values: [R, C], scaled."""
    bad = np.flatnonzero((np.abs(values) > most).any(axis=0))
    if len(bad):
        raise BadData(
            f"column {channels[bad[0]]!r} holds a value beyond all measure of its training part",
            got=f"{np.nanmax(np.abs(values[:, bad[0]])):.1e} standard deviations from the mean",
            fix="correct it, or leave the cell empty if the value is missing",
        )
