"""MATLAB 5 piano rolls: traindata, validdata, testdata, each a row of pieces [T, 88] of 0 and 1.

The format of Boulanger-Lewandowski, Bengio, Vincent (2012); REFERENCES: predict frame t+1 from frames <= t.
"""

from __future__ import annotations

import io

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.native import read_in_child
from carousel.experiments.data.read.parsed import ParsedRolls
from carousel.experiments.data.read.source import Source

NAMES = ("traindata", "validdata", "testdata")
KEYS = 88


def read_rolls(source: Source, options: DataOptions) -> ParsedRolls:
    """The pieces of all three parts. BadData where an array is absent or holds something else."""
    options.refuse("piano-roll", options.of_tables())
    options.refuse("piano-roll", {"--target": options.target, "--group": options.group, "--order": options.order})
    options.refuse("piano-roll", {"--forecast": ",".join(options.forecast), "--kind": options.kind})
    arrays = load_arrays(source)
    parts = [pieces_of(source, arrays, name) for name in NAMES]
    pieces = [piece for part in parts for piece in part]
    lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
    part = np.repeat(np.arange(3), [len(part) for part in parts])
    return ParsedRolls(np.concatenate(pieces), lengths, part)


def load_arrays(source: Source) -> dict[str, np.ndarray]:
    """The cells of the arrays NAMES, each as "NAME.PLACE"."""
    fix = "save it in MATLAB with -v6 or -v7"
    held = read_in_child(source, "a MATLAB 5 file", fix, "cells", *NAMES)
    with np.load(io.BytesIO(held), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def pieces_of(source: Source, arrays: dict[str, np.ndarray], name: str) -> list[Floats]:
    """Those of one part, each [T, 88]. BadData where there are none, or one is no piano roll."""
    pieces = [piece for key, piece in arrays.items() if key.startswith(f"{name}.")]
    if not pieces:
        raise BadData(
            f"{source.name} has no pieces under the name {name!r}",
            allowed=f"cell arrays {', '.join(NAMES)} of pieces [T, {KEYS}]",
            fix="save the piano rolls under these names",
        )
    return [_piece(piece, f"{name}[{place}]") for place, piece in enumerate(pieces)]


def _piece(piece: np.ndarray, name: str) -> Floats:
    if piece.ndim != 2 or piece.shape[1] != KEYS or len(piece) < 2:
        raise BadData(
            f"{name} is no piano roll",
            allowed=f"[T, {KEYS}] with T of 2 or more",
            got=f"shape {list(piece.shape)}",
            fix="transpose, cut or remove it",
        )
    if not np.isin(piece, (0, 1)).all():
        raise BadData(
            f"{name} is no piano roll",
            allowed="0 (silent) and 1 (sounds)",
            got="other values",
            fix="set what sounds to 1",
        )
    return piece.astype(np.float64)
