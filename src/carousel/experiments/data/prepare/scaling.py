"""Channels scaled to mean 0 and deviation 1 of the training part; a missing value is 0, and a mask channel marks it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, Note, Singles


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


def scale(x: Floats, training: Bools, channels: tuple[str, ...]) -> Scaled:
    """Scale x [R, C] by the steps where `training` [R]. BadData where a channel has no value to go by."""
    gap = np.isnan(x)
    _refuse_unseen(gap, training, channels)
    mean, std, flat = moments(x[training])
    masked = np.flatnonzero(gap.any(axis=0)).tolist()
    seen = scaled_by(x, mean, std, channels, masked)
    notes: list[Note] = [{"key": "constant", "column": channels[c]} for c in np.flatnonzero(flat)]
    missing = gap.sum(axis=0)
    if missing.any():
        notes.append({"key": "imputed", "count": int(missing.sum()), "of": int(x.size)})
    return Scaled(seen, mean, std, missing, masked, notes)


def scaled_by(x: Floats, mean: Floats, std: Floats, channels: tuple[str, ...], masked: list[int]) -> Singles:
    """x [R, C] scaled by known moments, missing values 0, then a mask for each channel of `masked`."""
    gap = np.isnan(x)
    with np.errstate(over="ignore"):  # refused on the next line, with the column's name
        values = np.where(gap, 0.0, (x - mean) / std)
    _refuse_huge(values, channels)
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
            fix="remove the column",
        )


def _refuse_huge(values: Floats, channels: tuple[str, ...]) -> None:
    bad = np.flatnonzero((np.abs(values) > np.finfo(np.float32).max).any(axis=0))
    if len(bad):
        raise BadData(
            f"column {channels[bad[0]]!r} holds a value beyond all measure of its training part",
            got=f"{np.abs(values[:, bad[0]]).max():.1e} standard deviations from the mean",
            fix="correct it, or leave the cell empty if the value is missing",
        )
