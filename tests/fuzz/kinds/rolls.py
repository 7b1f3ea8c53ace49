"""MATLAB 5 piano rolls: what the cells hold, their names, and the bytes, compressed or not."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.io import savemat
from scipy.sparse import csc_matrix

from tests.fuzz.kinds.reading import read
from tests.fuzz.mutate import mutated_bytes

_NAMES = ("traindata", "validdata", "testdata")
_KINDS = ("<f8", "<f4", "|u1", "|i1", "<i4", "<u8", "<c16", "?")


def mat(draw: Random, folder: Path) -> None:
    """Three cell arrays of pieces."""
    content = _base(draw.random() < 0.3) if draw.random() < 0.6 else _edited(draw)
    if draw.random() < 0.002:
        content = bomb()
    (folder / "a.mat").write_bytes(mutated_bytes(content, draw) if draw.random() < 0.7 else content)
    read(folder / "a.mat", {}, draw)


@cache
def _base(compressed: bool) -> bytes:
    return _saved(_cells(), compressed)


def _cells() -> dict[str, Any]:
    notes = np.random.default_rng(0)
    cells: dict[str, Any] = {name: np.empty((1, 3), dtype=object) for name in _NAMES}
    for cell in cells.values():
        for place in range(3):
            cell[0, place] = (notes.random((5 + place, 88)) < 0.1).astype(np.uint8)
    return cells


def _saved(cells: dict[str, Any], compressed: bool) -> bytes:
    savemat(held := io.BytesIO(), cells, do_compression=compressed)
    return held.getvalue()


def _edited(draw: Random) -> bytes:
    cells = _cells()
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice([*cells])
        if draw.random() < 0.8 and np.shape(cells[name]) == (1, 3) and cells[name].dtype == object:
            cells[name][0, draw.randrange(3)] = _piece(draw)
        elif draw.random() < 0.5:
            cells[name] = _piece(draw)
        else:
            cells[draw.choice(("more", "x" * 30, *_NAMES))] = cells.pop(name)
    return _saved(cells, draw.random() < 0.3)


def _piece(draw: Random) -> Any:
    shape = draw.choice(((5, 88), (2, 88), (1, 88), (0, 88), (88, 5), (5, 88, 1), (0, 0), (5,)))
    return draw.choice((
        np.zeros(shape, draw.choice(_KINDS)), np.full(shape, draw.choice((2.0, -1.0, np.nan, np.inf))), csc_matrix((5,
        88)), "text", {"a": 1},
        np.array([{"a": 1}], dtype=object), [], np.zeros((5, 88)),
    ))  # fmt: skip


@cache
def bomb() -> bytes:
    """A small file of 60 million notes, all of them silent."""
    cells = _cells()
    cells["traindata"][0, 0] = np.zeros((60_000_000 // 88, 88), np.uint8)
    return _saved(cells, compressed=True)
