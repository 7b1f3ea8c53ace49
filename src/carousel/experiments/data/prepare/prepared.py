"""A prepared file: plain arrays and the data card, stored as NPZ without pickle, the same bytes for the same input."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, Self

import numpy as np

from carousel.common.errors import FolderConflict
from carousel.common.files import write_atomically, writing_to
from carousel.experiments.data.arrays import PARTS, Floats, Ints, Singles
from carousel.experiments.data.card import Card

Kind = Literal["classification", "regression", "forecast", "piano-roll"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything a `DataTask` needs.

    x: [R, C] float32, the scaled steps of all sequences, concatenated (masks last). starts, lengths, part: [N], where
    each example is in x (forecasting windows overlap) and its place in ("training", "validation", "test").
    y: class codes [N], or scaled values [N, O] float32; [N, 0] for piano rolls, whose targets are the next frames.
    mean, std: [C] of x (0 and 1 for masks), y_mean, y_std: [K] of the targets, all in the file's units.
    y_channels: [K] places in x of the forecast columns. card: the data card. sha256: of the file or files.
    """

    kind: Kind
    name: str
    sha256: str
    x: Singles
    starts: Ints
    lengths: Ints
    part: Ints
    y: Singles | Ints
    mean: Floats
    std: Floats
    y_mean: Floats
    y_std: Floats
    y_channels: Ints
    card: Card

    def rows(self, part: str) -> Ints:
        """The examples of a part, in order."""
        return np.flatnonzero(self.part == PARTS.index(part))

    def save(self, path: Path) -> None:
        """Write one NPZ file, whole or not at all. FolderConflict where the disk refuses."""
        words = {name: getattr(self, name) for name in ("kind", "name", "sha256", "card")}
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in words}
        described = np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), dtype=np.uint8)
        held = io.BytesIO()
        np.savez(held, allow_pickle=False, description=described, **arrays)
        with writing_to(path.parent):
            write_atomically(path, held.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote. FolderConflict where the file is absent or damaged."""
        try:
            with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            words = json.loads(arrays.pop("description").tobytes().decode())
            return cls(**words, **arrays)
        # Damage shows as whatever its place leads to (zip, header, JSON, a missing field): all mean the same here.
        except Exception as error:
            raise FolderConflict(
                f"{path} is absent or damaged", got=str(error).strip()[:80], fix="prepare the user's file again"
            ) from error
