"""The column of dates that orders the steps, where nobody named one: a table of steps has mostly one, and it is said.

A column is taken where it alone holds dates that differ from step to step. With a date that comes several times a
sequence goes the one column of times of day or hours, if there is one. Where two columns hold dates nothing is taken.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from carousel.common.errors import BadPlan
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.dates import compact_dates, format_fits, text_dates
from carousel.experiments.data.read.table import Table

_LOOKED_AT = 1000  # rows, evenly over the file: all of them are read afterwards, and refused where one is no date
_FEWEST = 20  # rows: fewer whole numbers may look like 202401 by chance
_EPOCH = {10: 946_684_800, 13: 946_684_800_000}  # digits of seconds, milliseconds; the beginning of 2000 in them
_HOURS = ("hour", "hr", "时", "小时", "時", "時間")


def with_found_order(table: Table, options: DataOptions) -> tuple[Table, DataOptions]:
    """The table with a note on the column found, and the options that name it; both as they are where the steps need no
    order, have one, or no column is the one. BadPlan for a --date-format that no column has."""
    if options.order is not None or options.wide or not (options.forecast or options.group):
        return table, options
    taken = {name for _, name in options.roles()} | {*options.ignore, *options.inputs}
    others = [name for name in table.frame.columns if name not in taken]
    groups = [name for name in several(options.group) if name in table.frame.columns]
    dates = [name for name in others if _holds_dates(table.frame[name], options.date_format)]
    dates = [name for name in dates if not _named_by(table.frame, groups, name)]
    if options.date_format is not None and not dates:
        raise BadPlan("--date-format goes with --order", got=options.date_format, fix="name the column with --order")
    if len(dates) != 1:
        return table, options
    order = _with_time(table.frame, groups, dates[0], [name for name in others if name != dates[0]])
    note: Note = {"key": "order_found", "columns": list(order), "first": dates[0]}
    return replace(table, notes=[*table.notes, note]), replace(options, order=order if len(order) > 1 else dates[0])


def dated(frame: pl.DataFrame, names: list[str]) -> list[str]:
    """Those of the columns that hold dates."""
    return [name for name in names if _holds_dates(frame[name], None)]


def _holds_dates(series: pl.Series, date_format: str | None) -> bool:
    if series.null_count() or not len(series):
        return False
    if series.dtype in (pl.Date, pl.Datetime):
        return True
    some = series.gather(np.unique(np.linspace(0, len(series) - 1, _LOOKED_AT).astype(np.int64)))
    if date_format is not None and series.dtype == pl.String:
        return format_fits(some, date_format)
    if series.dtype == pl.String and text_dates(some) == "date":
        return True
    return len(series) >= _FEWEST and _numbers_are_dates(some)


def _numbers_are_dates(some: pl.Series) -> bool:
    """Whole numbers such as 20240131, or seconds or milliseconds since 1970 that grow or fall from row to row."""
    numbers = some.cast(pl.Int64, strict=False) if not some.dtype.is_float() else some.clear()
    if numbers.null_count() or not len(numbers):
        return False
    if compact_dates(numbers) is not None:
        return numbers.n_unique() > 1
    digits = numbers.cast(pl.String).str.len_chars().unique().to_list()
    changes = np.diff(numbers.to_numpy())
    since = _EPOCH.get(digits[0]) if len(digits) == 1 else None
    return since is not None and bool((numbers >= since).all() and ((changes > 0).all() or (changes < 0).all()))


def _named_by(frame: pl.DataFrame, groups: list[str], name: str) -> bool:
    """Whether a sequence has one date throughout: it says when the sequence was, not when a step was."""
    count = frame.select(pl.struct(*groups, name).n_unique()).item()
    return bool(count == (frame.select(pl.struct(groups).n_unique()).item() if groups else 1))


def _with_time(frame: pl.DataFrame, groups: list[str], date: str, others: list[str]) -> tuple[str, ...]:
    """The column of dates, with that of the time of day where dates come again in a sequence."""
    if frame.select(pl.struct(*groups, date).n_unique()).item() == frame.height:
        return (date,)
    times = [name for name in others if _holds_times(frame[name])]
    return (date, times[0]) if len(times) == 1 else (date,)


def _holds_times(series: pl.Series) -> bool:
    if series.null_count():
        return False
    if series.dtype == pl.Time:
        return True
    if series.name.strip().lower() in _HOURS:
        hours = series.cast(pl.Int64, strict=False)
        return not hours.null_count() and bool(hours.is_between(0, 24).all())
    return series.dtype == pl.String and text_dates(series.unique().sort().head(_LOOKED_AT)) == "clock"
