"""Which blocks are learned from, chosen by, and tested on: all sequences of a patient, or a machine, in one part."""

from __future__ import annotations

import hashlib

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Ints
from carousel.experiments.data.read.target import Classes, Values

_TRIES = 200  # orders in which the blocks are dealt, until every class is in every part


def split_blocks(target: Classes | Values, blocks: list[str], column: str, shares: list[float], seed: int) -> Ints:
    """[N] the part of each sequence; those of one block have one part. Depends on the blocks' names and the seed.

    Where the blocks are so few that validation and test get one each, consecutive seeds leave out one block after the
    other (leave-one-block-out). BadData where the blocks cannot give every part every class, or two sequences of
    different target.
    """
    names, codes = np.unique(np.array(blocks, dtype=object), return_inverse=True)
    strata = target.codes if isinstance(target, Classes) else np.zeros(len(blocks), dtype=np.int64)
    table = np.zeros((len(names), int(strata.max()) + 1), dtype=np.int64)
    np.add.at(table, (codes, strata), 1)
    least = 1 if isinstance(target, Classes) else 2
    _refuse_few(table, target, column, len(shares))
    for attempt in range(_TRIES):
        part = _dealt(table, list(names), shares, seed, attempt)
        sizes = np.stack([table[part == p].sum(axis=0) for p in range(len(shares))])
        if (sizes >= least).all():
            return part[codes]
    raise BadData(
        f"the blocks of {column!r} cannot be dealt so that each part has every class",
        got=f"{len(names)} blocks, {table.shape[1]} classes",
        fix="add blocks, or leave out the rarest class",
    )


def _refuse_few(table: Ints, target: Classes | Values, column: str, parts: int) -> None:
    """[blocks, classes] counts of sequences: every class in as many blocks as there are parts."""
    spread = (table > 0).sum(axis=0)
    rarest = int(spread.argmin())
    if len(table) < parts:
        raise BadData(
            f"the column {column!r} names too few blocks",
            allowed=f"{parts} or more, one for each part",
            got=len(table),
            fix="choose another --block, or add blocks",
        )
    if spread[rarest] < parts and isinstance(target, Classes):
        raise BadData(
            f"class {target.names[rarest]!r} is in too few blocks of {column!r}",
            allowed=f"{parts} or more, one for each part",
            got=int(spread[rarest]),
            fix="add blocks with it or remove it, or choose another --block",
        )


def _dealt(table: Ints, names: list[str], shares: list[float], seed: int, attempt: int) -> Ints:
    if attempt == 0 and round(shares[-1] * len(names)) <= 1 and round(shares[-2] * len(names)) <= 1:
        return _one_left_out(len(names), len(shares), _hashed(names, "blocks"), seed)
    return _greedy(table, shares, _hashed(names, f"{seed}:{attempt}"))


def _hashed(names: list[str], salt: str) -> Ints:
    # A hash, not a generator: the same split on every machine and with every version of numpy.
    keys = [hashlib.blake2b(f"{salt}:{name}".encode(), digest_size=8).digest() for name in names]
    return np.array(sorted(range(len(names)), key=lambda i: (keys[i], names[i])))


def _one_left_out(count: int, parts: int, order: Ints, seed: int) -> Ints:
    """The seed's block is the test part, the next one is validation: each block is tested equally often."""
    part = np.zeros(count, dtype=np.int64)
    for distance in range(parts - 1):
        part[order[(seed + distance) % count]] = parts - 1 - distance
    return part


def _greedy(table: Ints, shares: list[float], order: Ints) -> Ints:
    """Each block goes where its classes are furthest from their share."""
    wanted = np.outer(shares, table.sum(axis=0)) / sum(shares)
    missing, part = wanted.copy(), np.zeros(len(table), dtype=np.int64)
    for block in order:
        part[block] = np.argmax(((missing / wanted) * table[block]).sum(axis=1))
        missing[part[block]] -= table[block]
    return part
