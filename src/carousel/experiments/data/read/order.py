"""The column that orders the steps: numbers, months, days or date-times, and how evenly they are spaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools
from carousel.experiments.data.card import Spacing
from carousel.experiments.data.read.table import Table

# (what it looks like, how that is written, does it have a zone); the first value decides, all others must follow.
SHAPES = (
    ("YYYY-MM", r"^\d{4}-\d{2}$", False),
    ("YYYY-MM-DD", r"^\d{4}-\d{2}-\d{2}$", False),
    ("YYYY-MM-DD HH:MM[:SS]", r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$", False),
    ("YYYY-MM-DD HH:MM[:SS]+HH:MM", r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:?\d{2})$", True),
)
READABLE = "numbers, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DD HH:MM[:SS] with or without +HH:MM"


@dataclass(frozen=True)
class Times:
    """When each step was: [R] comparable numbers. unit: "number", "months", "days" or "seconds"."""

    values: NDArray[np.int64] | NDArray[np.float64]
    unit: str
    per_unit: int = 1  # date-times are whole microseconds, printed in seconds

    def take(self, rows: NDArray[np.int64]) -> Times:
        """The same times in another order."""
        return Times(self.values[rows], self.unit, self.per_unit)

    def spacing(self, first_of_sequence: Bools) -> Spacing:
        """Within sequences."""
        steps = np.diff(self.values)[~first_of_sequence[1:]]
        usual = np.sort(steps)[len(steps) // 2] if len(steps) else 0
        odd = int((~np.isclose(steps, usual, rtol=1e-6, atol=0)).sum())
        return {"unit": self.unit, "step": float(usual) / self.per_unit, "regular": odd == 0, "odd": odd}


def read_times(table: Table, column: str) -> Times:
    """The order column as times. BadData for a gap, or a value that is no time, with its row."""
    series = table.column(column, "order column")
    empty = np.flatnonzero(series.is_null().to_numpy())
    if len(empty):
        raise BadData(
            f"the order column {column!r} has no value in row {table.rows[empty[0]]}",
            got=f"{len(empty)} rows without one",
            fix="fill it in, or remove these rows",
        )
    if series.dtype.is_temporal():
        return _from_dates(series, table, column)
    if series.dtype == pl.String and series.head(1).cast(pl.Float64, strict=False).null_count():
        return _from_text(series, table, column)
    return Times(_numbers(series, table, column), "number")


def _numbers(series: pl.Series, table: Table, column: str) -> NDArray[np.int64] | NDArray[np.float64]:
    whole = series.cast(pl.Int64, strict=False) if series.dtype == pl.String else series
    if whole.dtype.is_integer():  # exact beyond 2^53, unlike a float
        whole = whole.cast(pl.Int64, strict=False)
        if not whole.null_count():
            return whole.to_numpy()
    return table.numbers(column, "order column")


def _from_text(series: pl.Series, table: Table, column: str) -> Times:
    first = str(series[0])
    shape = next((s for s in SHAPES if pl.Series([first]).str.contains(s[1])[0]), None)
    if shape is None:
        _refuse(table, column, 0, first, READABLE)
    written, pattern, zoned = shape
    strict = series.set(~series.str.contains(pattern), None)
    parsed = _parse(strict, written, zoned)
    bad = np.flatnonzero(parsed.is_null().to_numpy())
    if len(bad):
        _refuse(
            table,
            column,
            int(bad[0]),
            str(series[int(bad[0])]),
            f"{written}, as in the first row",
            "write all rows alike",
        )
    return _from_dates(parsed, table, column)


def _parse(series: pl.Series, written: str, zoned: bool) -> pl.Series:
    if written == "YYYY-MM":
        return (series + "-01").str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    if written == "YYYY-MM-DD":
        return series.str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    plain = series.str.replace(" ", "T", literal=True).str.replace(" ", "", literal=True)
    full = plain.str.replace(r"(T\d{2}:\d{2})($|Z|[+-])", "${1}:00${2}").str.replace("Z$", "+00:00")
    if zoned:
        return full.str.strptime(pl.Datetime("us", "UTC"), "%Y-%m-%dT%H:%M:%S%.f%z", strict=False)
    return full.str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.f", strict=False)


def _from_dates(series: pl.Series, table: Table, column: str) -> Times:
    if series.dtype == pl.Date:
        return _from_days(series)
    if series.dtype == pl.Time:
        _refuse(table, column, 0, str(series[0]), READABLE)
    moments = series.dt.cast_time_unit("us").to_physical()
    return Times(moments.cast(pl.Int64).to_numpy(), "seconds", 1_000_000)


def _from_days(series: pl.Series) -> Times:
    # Months have 28 to 31 days: a monthly series is even in months, not in days.
    day = series.dt.day()
    if day.n_unique() == 1 and day[0] <= 28:
        months = series.dt.year().cast(pl.Int64) * 12 + series.dt.month().cast(pl.Int64)
        return Times(months.to_numpy(), "months")
    return Times(series.to_physical().cast(pl.Int64).to_numpy(), "days")


def _refuse(
    table: Table, column: str, row: int, value: str, allowed: str, fix: str = "write dates as YYYY-MM-DD"
) -> NoReturn:
    raise BadData(
        f"the order column {column!r} holds no time or number in row {table.rows[row]}",
        allowed=allowed,
        got=repr(value),
        fix=fix,
    )
