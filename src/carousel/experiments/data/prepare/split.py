"""Which sequences are learned from, chosen by, and tested on: whole sequences, never parts of one."""

from __future__ import annotations

import hashlib

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Ints
from carousel.experiments.data.read.target import Classes, Values


def split_sequences(target: Classes | Values, names: list[str], shares: list[float], seed: int) -> Ints:
    """[N] the part of each sequence, by class for classes. Depends on names and seed, not on the file's order.

    BadData where a class has fewer members than parts, or a regression fewer than two sequences for each part
    (R² of a single value is not defined).
    """
    if isinstance(target, Values):
        return _split_values(names, shares, seed)
    _refuse_small(target, len(shares))
    return _assign(names, target.codes, shares, 1, seed)


def _split_values(names: list[str], shares: list[float], seed: int) -> Ints:
    needed = 2 * len(shares)
    if len(names) < needed:
        raise BadData(
            f"{len(names)} sequences are too few to split into {len(shares)} parts",
            allowed=f"{needed} or more, two for each part",
            fix="add sequences",
        )
    return _assign(names, np.zeros(len(names), dtype=np.int64), shares, 2, seed)


def _refuse_small(target: Classes, parts: int) -> None:
    counts = np.bincount(target.codes, minlength=len(target.names))
    small = int(counts.argmin())
    if counts[small] < parts:
        others = int((counts < parts).sum()) - 1
        raise BadData(
            f"class {target.names[small]!r} has {counts[small]} sequence{'s' if counts[small] > 1 else ''}"
            + (f", and {others} other class{'es' if others > 1 else ''} too few" if others else ""),
            allowed=f"{parts} or more of every class, one for each of the {parts} parts",
            fix="add sequences of it or remove it, or say --kind regression if the target is a number",
        )


def _assign(names: list[str], strata: Ints, shares: list[float], least: int, seed: int) -> Ints:
    # A hash, not a generator: the same split on every machine and with every version of numpy.
    keys = [hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest() for name in names]
    mixed = np.array(sorted(range(len(names)), key=lambda i: (keys[i], names[i])))
    part = np.empty(len(names), dtype=np.int64)
    for stratum in range(int(strata.max()) + 1):
        members = mixed[strata[mixed] == stratum]
        part[members] = np.repeat(np.arange(len(shares)), part_sizes(len(members), shares, least))
    return part


def part_sizes(count: int, shares: list[float], least: int) -> Ints:
    """Whole numbers nearest to `shares` of `count` that sum to it, none below `least`."""
    ideal = np.array(shares) / sum(shares) * count
    sizes = np.maximum(least, np.floor(ideal)).astype(np.int64)
    while sizes.sum() < count:
        sizes[np.argmax(ideal - sizes)] += 1
    while sizes.sum() > count:
        sizes[np.argmax(np.where(sizes > least, sizes - ideal, -np.inf))] -= 1
    return sizes
