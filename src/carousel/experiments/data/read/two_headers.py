"""A header of two rows, as workbooks and measuring devices write it: `pump 1, pump 1` over `pressure, flow`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

import polars as pl

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.dialect import Dialect


def joined_headers(frame: pl.DataFrame, dialect: Dialect) -> tuple[pl.DataFrame, Dialect]:
    """Where names recur or are lacking, and the row below holds words alone over numbers: both as one header. An empty
    cell of the first row, which workbooks leave where cells are merged, has the name before it."""
    names = dialect.names
    if not dialect.headed or frame.height < 3 or (len(set(names)) == len(names) and "" not in names[1:]):
        return frame, dialect
    below = [(cell or "").strip() for cell in frame.row(0)]
    numbers = [frame[1:][str(place)].cast(pl.Float64, strict=False).count() > 0 for place in range(len(names))]
    if not any(numbers) or not any(below) or any(_is_number(cell) for cell in below):
        return frame, dialect
    upper: Iterator[str] = accumulate(names, lambda before, name: name or before)
    joined = tuple(f"{a} {b}".strip() for a, b in zip(upper, below, strict=True))
    if len(set(joined)) < len(joined):
        return frame, dialect
    note: Note = {"key": "two_headers", "row": dialect.before + 2, "values": list(joined[:3])}
    found = replace(dialect, names=joined, before=dialect.before + 1, notes=(*dialect.notes, note))
    return frame[1:], found


def _is_number(cell: str) -> bool:
    return bool(cell) and pl.Series([cell]).cast(pl.Float64, strict=False)[0] is not None
