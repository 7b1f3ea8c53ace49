"""The layout of the tables that ship with scikit-learn: a first line of counts and classes, no names of columns.

`150,4,setosa,versicolor,virginica` says 150 rows, 4 features, and the classes that the last column counts from 0.
"""

from __future__ import annotations

import polars as pl

from carousel.experiments.data.arrays import Note

CLASS = "class"


def counted(text: str) -> tuple[tuple[str, ...], tuple[str, ...], Note] | None:
    """Names for the columns, the classes, and a note; None where the first line does not count what follows."""
    first, _, rest = text.partition("\n")
    said = [word.strip() for word in first.split(",")]
    if len(said) < 4 or not all(_whole(word) for word in said[:2]) or not all(said):
        return None
    rows, features, classes = int(said[0]), int(said[1]), said[2:]
    lines = rest.split("\n", rows + 1)
    told = len(lines) in (rows, rows + 1) and not "".join(lines[rows:]).strip()
    if not told or any(not _fits(line, features, len(classes)) for line in lines[:rows]):
        return None
    names = (*(f"column {n}" for n in range(1, features + 1)), CLASS)
    note: Note = {"key": "counted_header", "line": first.strip()[:60], "column": CLASS, "last": names[-2]}
    return names, tuple(classes), note


def _fits(line: str, features: int, classes: int) -> bool:
    cells = line.split(",")
    code = cells[-1].strip()
    return len(cells) == features + 1 and _whole(code) and int(code) < classes


def _whole(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 10


def named(frame: pl.DataFrame, classes: tuple[str, ...]) -> pl.DataFrame:
    """The last column's numbers as the classes that they count; all of them are known, as `counted` has seen."""
    codes = pl.col(frame.columns[-1]).str.strip_chars().cast(pl.Int64)
    return frame.with_columns(codes.replace_strict(dict(enumerate(classes))))
