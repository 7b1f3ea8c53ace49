"""A prepared file: plain arrays and the data card, stored as NPZ without pickle, the same bytes for the same input."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.common.files import open_regular, write_atomically, writing_to
from carousel.experiments.data.arrays import PARTS, Floats, Ints, Singles
from carousel.experiments.data.card import Card

Kind = Literal["classification", "regression", "forecast", "piano-roll"]
WHOLE_FILE = "whole"  # of the card's split
_LARGEST = 2**33  # bytes of a prepared file


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything a `DataTask` needs.

    x: [R, C] float32, the scaled steps of all sequences, concatenated (masks last). starts, lengths, part: [N], where
    each example is in x (forecasting windows overlap) and its place in ("training", "validation", "test").
    y: class codes [N], or scaled values [N, O] float32; [N, 0] for piano rolls, whose targets are the next frames.
    mean, std: [C] of x (0 and 1 for masks), y_mean, y_std: [K] of the targets, all in the file's units.
    y_channels: [K] places in x of the forecast columns. card: the data card. sha256: of the file or files.
    firsts: [N] of forecasts, the row of x where the series of each example begins; None of other kinds, and in folders
    of earlier runs.
    own: [S, 2, c] of forecasts of series that differ in level, the level and unit of each by channel (no masks), in the
    file's units; x, mean, std, y_mean and y_std are then in these. series: [N] the place of each example's in it.
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
    firsts: Ints | None = None
    own: Floats | None = None
    series: Ints | None = None

    @property
    def whole(self) -> bool:
        """Whether the file is not split: it is all there to learn from, and every part is all of it."""
        return self.card.get("split", {}).get("how") == WHOLE_FILE

    def rows(self, part: str) -> Ints:
        """The examples of a part, in order; of a file taken whole all of them."""
        return np.flatnonzero((self.part == PARTS.index(part)) | self.whole)

    def save(self, path: Path) -> None:
        """Write one NPZ file, whole or not at all. FolderConflict where the disk refuses."""
        words = {name: getattr(self, name) for name in ("kind", "name", "sha256", "card")}
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in words}
        arrays = {name: array for name, array in arrays.items() if array is not None}
        described = np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), dtype=np.uint8)
        held = io.BytesIO()
        np.savez(held, allow_pickle=False, description=described, **arrays)
        with writing_to(path.parent):
            write_atomically(path, held.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote. FolderConflict where the file is absent or damaged."""
        try:
            with open_regular(Path(path), _LARGEST) as stream, np.load(stream, allow_pickle=False) as archive:
                if any(entry.compress_type for entry in archive.zip.infolist()):  # `save` compresses nothing
                    raise ValueError("it is compressed")
                arrays = {name: archive[name] for name in archive.files}
            words = json.loads(arrays.pop("description").tobytes().decode())
            found = cls(**words, **arrays)
            found._check()
            return found
        # Damage shows as whatever its place leads to (zip, header, JSON, a missing field): all mean the same here.
        except Exception as error:
            raise FolderConflict(
                f"{str(path)!r} is absent or damaged", got=in_words(error), fix="prepare the user's file again"
            ) from error

    def _check(self) -> None:
        """ValueError where the arrays do not fit each other: an index of one would be outside another."""
        count, rows = len(self.starts), len(self.x) - (self.kind == "piano-roll")  # there, a frame follows the last
        whole = {name: getattr(self, name) for name in ("starts", "lengths", "part", "y_channels")}
        scales = (self.mean, self.std, self.y_mean, self.y_std)
        fits = {
            "kind": self.kind in get_args(Kind),
            "name": isinstance(self.name, str) and isinstance(self.sha256, str) and isinstance(self.card, dict),
            "x": self.x.ndim == 2 and self.x.shape[1] > 0 and self.x.dtype == np.float32 and _finite(self.x),
            **{name: a.ndim == 1 and a.dtype.kind in "iu" for name, a in whole.items()},
            "lengths": self.lengths.shape == (count,) and count > 0 and bool((self.lengths > 0).all()),
            "scales": all(a.ndim == 1 and a.dtype.kind == "f" and _finite(a) for a in scales),
            "mean": self.mean.shape == self.std.shape == self.x.shape[1:],
            "y": len(self.y) == count and self._y_fits(),
        }
        wrong = [name for name, fit in fits.items() if not fit]
        if not wrong and not self._firsts_fit():
            wrong = ["firsts"]
        if not wrong and not self._own_fits():
            wrong = ["own"]
        if not wrong and (self.starts.min() < 0 or (self.starts > rows - self.lengths).any()):
            wrong = ["starts"]
        if not wrong and set(np.unique(self.part)) != set(range(1 if self.whole else len(PARTS))):
            wrong = ["part"]
        if wrong:
            raise ValueError(f"{wrong[0]} does not fit the rest")

    def _firsts_fit(self) -> bool:
        if self.firsts is None:
            return True
        whole = self.firsts.shape == self.starts.shape and self.firsts.dtype.kind in "iu"
        return whole and bool(((self.firsts >= 0) & (self.firsts <= self.starts)).all())

    def _own_fits(self) -> bool:
        if self.own is None or self.series is None:
            return self.own is None and self.series is None
        count, channels = len(self.own), self.x.shape[1] - len(self.card["channels"]["masks"])
        placed = self.series.shape == self.starts.shape and self.series.dtype.kind in "iu"
        fits = self.own.shape == (count, 2, channels) and self.own.dtype.kind == "f" and _finite(self.own)
        if not placed or not fits or not count:
            return False
        return bool((self.own[:, 1] > 0).all() and 0 <= self.series.min() <= self.series.max() < count)

    def _y_fits(self) -> bool:
        if self.kind == "classification":
            classes = len(self.card.get("classes") or ())
            return self.y.ndim == 1 and self.y.dtype.kind in "iu" and 0 <= self.y.min() <= self.y.max() < classes
        columns = len(self.y_channels)
        if columns and not 0 <= self.y_channels.min() <= self.y_channels.max() < self.x.shape[1]:
            return False
        fits = self.kind != "forecast" or (columns > 0 and self.y.shape[-1] % columns == 0)
        return fits and self.y.ndim == 2 and self.y.dtype == np.float32 and _finite(self.y)


def _finite(values: Singles | Ints | Floats) -> bool:
    return bool(np.isfinite(values).all())
