"""A table as read: columns by name, and every row by the number a person sees in the file."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from carousel.common.errors import BadData, UnknownName
from carousel.experiments.data.arrays import Floats, Ints, Note
from carousel.experiments.data.read.visible import renamed_note, visible

# What people write for "no value". Said in docs/data.md; every one is counted in the card.
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")


@dataclass(frozen=True)
class Table:
    """frame: the columns; text is stripped, and null where it says there is no value. rows: [R] row numbers.
    notes: for the data card. words: of a column, a word in it that was read as "no value"."""

    frame: pl.DataFrame
    rows: Ints
    notes: list[Note] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)

    def take(self, order: Ints) -> Table:
        """The rows in another order, each with its own number."""
        return replace(self, frame=self.frame[order], rows=self.rows[order])

    def column(self, name: str, role: str, fix: str | None = None) -> pl.Series:
        """A column by name; UnknownName with the nearest name, and the fix."""
        if name not in self.frame.columns:
            raise UnknownName(role, name, self.frame.columns, fix)
        return self.frame[name]

    def numbers(self, name: str, role: str = "column") -> Floats:
        """[R] a column as numbers, NaN where missing. BadData for text or an infinity, with its row."""
        series = self.column(name, role)
        values = as_numbers(series)
        self._refuse_text(series, values)
        result = values.fill_null(float("nan")).to_numpy()
        self._refuse_infinity(name, result)
        return result

    def _refuse_text(self, series: pl.Series, values: pl.Series) -> None:
        bad = np.flatnonzero((values.is_null() & series.is_not_null()).to_numpy())
        if len(bad):
            raise BadData(
                f"column {series.name!r} holds text in row {self.rows[bad[0]]}",
                allowed="numbers",
                got=repr(series[int(bad[0])]) + (f" and {len(bad) - 1} more" if len(bad) > 1 else ""),
                fix="correct it, or leave the cell empty if the value is missing",
            )

    def _refuse_infinity(self, name: str, values: Floats) -> None:
        bad = np.flatnonzero(np.isinf(values))
        if len(bad):
            raise BadData(
                f"column {name!r} holds an infinite value in row {self.rows[bad[0]]}",
                allowed="finite numbers",
                got=f"{values[bad[0]]:g}" + (f" and {len(bad) - 1} more" if len(bad) > 1 else ""),
                fix="correct it, or leave the cell empty if the value is missing",
            )

    def refuse_gaps(self, name: str, role: str, fix: str) -> None:
        """BadData with the first row where column `name` has no value."""
        empty = np.flatnonzero(self.frame[name].is_null().to_numpy())
        if len(empty):
            raise BadData(
                f"the {role} {name!r} has no value in row {self.rows[empty[0]]}",
                got=f"{len(empty)} rows without one",
                fix=fix,
            )

    def refuse_empty(self, name: str) -> None:
        """BadData where not one row of column `name` has a value."""
        if self.frame[name].null_count() == self.frame.height:
            raise BadData(f"column {name!r} has no value in any row", fix="remove the column")


def ignoring(names: Iterable[str]) -> str:
    """The options that leave these columns out, as they are typed."""
    return " ".join(f"--ignore {shlex.quote(name)}" for name in names)


def as_numbers(series: pl.Series) -> pl.Series:
    """The column as Float64; null where it is missing or is no number."""
    numbers = series.cast(pl.Float64, strict=False)
    return numbers.fill_nan(None)


def counts_rows(series: pl.Series) -> bool:
    """True where the column is 0, 1, 2, ... or 1, 2, 3, ... from its first row to its last."""
    numbers = as_numbers(series)
    first = numbers[0] if len(numbers) else None
    return first in (0, 1) and bool((numbers == pl.Series(range(len(numbers))) + first).fill_null(False).all())


def is_numeric(series: pl.Series) -> bool:
    """True for numbers and truth values, and for text of which at least half reads as numbers."""
    if series.dtype != pl.String:
        return series.dtype.is_numeric() or series.dtype == pl.Boolean
    return 2 * as_numbers(series).count() >= series.count()


def make_table(frame: pl.DataFrame, rows: Ints, name: str, values: tuple[str, ...] = ()) -> Table:
    """Strip text, read the words for "missing" as null, save those of `values`, drop blank rows at the end. BadData
    where no row is left."""
    names = frame.columns
    frame = frame.rename(_visible_columns(names, name))
    text = pl.col(pl.String).str.strip_chars()
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    missing = [word for word in MISSING if word not in values]
    words = _words(frame, missing)
    frame = frame.with_columns(pl.when(text.is_in(missing)).then(None).otherwise(text).name.keep())
    frame = frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    _refuse_nested(frame)
    if not frame.width or not frame.height:
        raise BadData(
            f"{name} holds no rows",
            got="a header only" if frame.width else "no columns",
            fix="give a file that holds data",
        )
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    if blank.all():
        raise BadData(f"{name} holds no values", got=f"{frame.height} blank rows", fix="give a file that holds data")
    # A blank row in between may be a step that is missing: it stays, and its gap is refused by name.
    last = int(np.flatnonzero(~blank)[-1]) + 1
    return Table(frame[:last], rows[:last], renamed_note(names, frame.columns), words)


def _words(frame: pl.DataFrame, missing: list[str]) -> dict[str, str]:
    """Of each column of text the first word of letters in it that means "missing"."""
    letters = [word for word in missing if word.isalpha()]
    texts = frame.select(pl.col(pl.String).str.strip_chars())
    found = {name: texts[name].filter(texts[name].is_in(letters)) for name in texts.columns}
    return {name: cells[0] for name, cells in found.items() if len(cells)}


def _visible_columns(names: list[str], file: str) -> dict[str, str]:
    shown = {name: visible(name) for name in names}
    double = [name for name, count in Counter(shown.values()).items() if count > 1]
    if double:
        raise BadData(f"{file} has two columns that are shown as {double[0]!r}", fix="rename or remove one")
    return shown


def _refuse_nested(frame: pl.DataFrame) -> None:
    names = [name for name, dtype in frame.schema.items() if _is_nested(dtype)]
    if names:
        raise BadData(
            f"column {names[0]!r} holds {str(frame[names[0]].dtype).split('(')[0].lower()} values",
            allowed="one number or text a cell",
            fix=f"leave it out: {ignoring(names)}; or write one row a step, and name the sequence with --group",
        )


def _is_nested(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype in (pl.Binary, pl.Object)


def without_nested(frame: pl.DataFrame, ignored: Iterable[str]) -> pl.DataFrame:
    """The frame with no value in those of the ignored columns that hold lists or bytes, which no table is made of."""
    nested = [name for name in ignored if name in frame.columns and _is_nested(frame.schema[name])]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in nested)
