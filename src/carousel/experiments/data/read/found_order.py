"""The column of dates that orders the steps, where nobody named one: a table of steps has mostly one, and it is said.

A column is taken where it alone holds dates that differ from step to step. With a date that comes several times a
sequence goes the one column of times of day or hours, if there is one. Where two columns hold dates nothing is taken.
Where none does, a column of years and one of months' names are taken together, or the one column of numbers that is
called a time and grows or falls from step to step.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl

from carousel.common.errors import BadPlan
from carousel.experiments.data.arrays import Floats, Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.dates import compact_dates, format_fits, text_dates
from carousel.experiments.data.read.table import Table, as_numbers

_LOOKED_AT = 1000  # rows, evenly over the file: all of them are read afterwards, and refused where one is no date
_FEWEST = 20  # rows: fewer whole numbers may look like 202401 by chance
_EPOCH = tuple((946_684_800 * per, 4_102_444_800 * per) for per in (1, 1000))  # 2000 to 2100, in (milli)seconds
_TIME = re.compile(
    r"(?:date|datum|time|timestamp|datetime|ts|epoch|unix[ _]?time|日期|时间|時間|时间戳|时刻)(?:\s*[(\[（].*)?",
    re.IGNORECASE,
)
_STAMP = re.compile(r"time|date|stamp|epoch|unix|(?:^|[_ ])(?:at|t|ts|dt)$|时|時|日期", re.IGNORECASE)
_YEARS = ("year", "yr", "jahr", "年", "年份")
_MONTH = r"^(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?$"
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
    if len(dates) == 1:
        order = _with_time(table.frame, groups, dates[0], [name for name in others if name != dates[0]])
    else:
        order = () if dates else _months_of_years(table.frame, others) or _called_a_time(table.frame, groups, others)
    if not order:
        return table, options
    note: Note = {"key": "order_found" if dates else "order_taken", "columns": list(order), "first": order[0]}
    return replace(table, notes=[*table.notes, note]), replace(options, order=order if len(order) > 1 else order[0])


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
    whole = some.cast(pl.Int64, strict=False) if not some.dtype.is_float() else some.clear()
    if len(whole) and not whole.null_count() and compact_dates(whole) is not None:
        return whole.n_unique() > 1
    numbers = as_numbers(some)
    if numbers.null_count():
        return False
    since = any(bool(numbers.is_between(begin, end).all()) for begin, end in _EPOCH)
    return since and _one_way(numbers.to_numpy()) and (_speaks_of_time(some.name) or _mostly_even(numbers.to_numpy()))


def _speaks_of_time(name: str) -> bool:
    return _TIME.fullmatch(name.strip()) is not None or _STAMP.search(name.strip()) is not None


def _mostly_even(numbers: Floats) -> bool:
    """Half of the steps are alike, as a clock's are: a population or a meter's reading grows by other amounts."""
    _, counts = np.unique(np.diff(numbers), return_counts=True)
    return bool(2 * counts.max(initial=0) >= len(numbers) - 1)


def _one_way(numbers: Floats) -> bool:
    changes = np.diff(numbers)
    return bool((changes > 0).all() or (changes < 0).all())


def _called_a_time(frame: pl.DataFrame, groups: list[str], names: list[str]) -> tuple[str, ...]:
    """The one column of numbers by such a name that grows, or falls, all through each sequence; or of years that
    fall."""
    called = [name for name in names if _TIME.fullmatch(name.strip()) and frame.height >= _FEWEST]
    found = [name for name in called if _grows(frame, groups, name)]
    found = found or [name for name in names if name.strip().lower() in _YEARS and _falls(frame, groups, name)]
    return (found[0],) if len(found) == 1 else ()


def _falls(frame: pl.DataFrame, groups: list[str], name: str) -> bool:
    """Years from the last to the first, as some publish them: in the order of the file the past would be forecast."""
    if not _grows(frame, groups, name):
        return False
    years = as_numbers(frame[name])
    return bool(years[0] > years[-1])


def _grows(frame: pl.DataFrame, groups: list[str], name: str) -> bool:
    numbers = as_numbers(frame[name]) if not frame[name].dtype.is_temporal() else frame[name].clear()
    if not len(numbers) or numbers.null_count():
        return False
    parts = frame.select(*groups, numbers).partition_by(groups, maintain_order=True) if groups else [numbers.to_frame()]
    return all(_one_way(part[name].to_numpy()) for part in parts)


def _months_of_years(frame: pl.DataFrame, names: list[str]) -> tuple[str, ...]:
    years = [name for name in names if name.strip().lower() in _YEARS]
    months = [n for n in names if frame[n].dtype == pl.String and frame[n].str.contains(_MONTH).fill_null(False).all()]
    if len(years) != 1 or len(months) != 1:
        return ()
    whole = frame[years[0]].cast(pl.Int64, strict=False)
    return (years[0], months[0]) if bool(whole.is_between(1500, 2200).fill_null(False).all()) else ()


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
