"""The column that orders the steps: numbers, months, days, date-times or times of day, and how even they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Ints, Note
from carousel.experiments.data.card import Spacing
from carousel.experiments.data.read.dates import compact_dates, dates_by_format, dates_of
from carousel.experiments.data.read.table import Table


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


def read_times(table: Table, column: str, codes: Ints, date_format: str | None = None) -> tuple[Times, list[Note]]:
    """The order column as times, and how it was read. codes: [R] the sequence of each row. BadData for a gap, for a
    value that is no time (with its row), and for times of day that pass midnight."""
    series = table.column(column, "order column")
    empty = np.flatnonzero(series.is_null().to_numpy())
    if len(empty):
        raise BadData(
            f"the order column {column!r} has no value in row {table.rows[empty[0]]}",
            got=f"{len(empty)} rows without one",
            fix="fill it in, or remove these rows",
        )
    if series.dtype.is_temporal():
        return _from_temporal(series, table, column, codes), []
    if date_format is not None:
        parsed, notes = dates_by_format(series, table, column, date_format)
        return _from_dates(parsed), notes
    compact = compact_dates(series) if series.dtype == pl.String or series.dtype.is_integer() else None
    if compact is not None:
        return _from_dates(compact[0]), [_compact_note(column, series, *compact)]
    if series.dtype == pl.String and series.head(1).cast(pl.Float64, strict=False).null_count():
        parsed, clock, notes = dates_of(series, table, column)
        if clock:
            _refuse_midnight(parsed, table, column, codes)
        return _from_dates(parsed), notes
    return Times(_numbers(series, table, column), "number"), []


def _compact_note(column: str, series: pl.Series, parsed: pl.Series, written: str) -> Note:
    return {"key": "dates", "column": column, "written": written, "first": str(series[0]), "read": str(parsed[0])}


def _numbers(series: pl.Series, table: Table, column: str) -> NDArray[np.int64] | NDArray[np.float64]:
    whole = series.cast(pl.Int64, strict=False) if series.dtype == pl.String else series
    if whole.dtype.is_integer():  # exact beyond 2^53, unlike a float
        whole = whole.cast(pl.Int64, strict=False)
        if not whole.null_count():
            return whole.to_numpy()
    return table.numbers(column, "order column")


def _from_temporal(series: pl.Series, table: Table, column: str, codes: Ints) -> Times:
    if series.dtype == pl.Time:
        of_day = (series.to_physical() // 1000).cast(pl.Datetime("us"))  # nanoseconds since midnight
        _refuse_midnight(of_day, table, column, codes)
        return _from_dates(of_day)
    return _from_dates(series)


def _from_dates(series: pl.Series) -> Times:
    if series.dtype == pl.Date:
        return _from_days(series)
    moments = series.dt.cast_time_unit("us")
    return Times(moments.to_physical().cast(pl.Int64).to_numpy(), "seconds", 1_000_000)


def _from_days(series: pl.Series) -> Times:
    # Months have 28 to 31 days: a monthly series is even in months, not in days.
    day = series.dt.day()
    if day.n_unique() == 1 and day[0] <= 28:
        months = series.dt.year().cast(pl.Int64) * 12 + series.dt.month().cast(pl.Int64)
        return Times(months.to_numpy(), "months")
    return Times(series.to_physical().cast(pl.Int64).to_numpy(), "days")


def _refuse_midnight(moments: pl.Series, table: Table, column: str, codes: Ints) -> None:
    """Times of day say no date: where they go back in the file, sorting by them would mix the days."""
    in_file = np.argsort(codes, kind="stable")
    times = moments.to_physical().cast(pl.Int64).to_numpy()[in_file]
    back = np.flatnonzero((np.diff(times) < 0) & (np.diff(codes[in_file]) == 0))
    if len(back):
        row = int(in_file[back[0] + 1])
        raise BadData(
            f"the times of day in {column!r} go back in row {table.rows[row]}",
            got=repr(str(table.frame[column][row])),
            fix=f"name the column of the date too: --order DATE --order {column}; "
            "if the rows are in order as they are, --ignore it in place of --order",
        )
