"""A calendar as a table: rows are days and columns the times of a day, or rows are years and columns months
or quarters. Read row after row it is one series."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.dates import dates_of, text_dates
from carousel.experiments.data.read.steps import telling_apart
from carousel.experiments.data.read.table import Table

TIME = "time"  # the column that it gets
_DAY = 24 * 60  # minutes
_COUNTS = (24, 48, 96, 144, 288)  # of columns that are only numbered: how a day is divided
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_HOUR = re.compile(r"(\d{1,2}) ?[时点時]|(?:[Hh](?:our)?|HE) ?(\d{1,2})")
_NUMBERED = re.compile(r"[PpTt]?(\d{1,3})")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_QUARTER = re.compile(r"[Qq]([1-4])|第?([1-4一二三四])季度?")
_OF_A_YEAR = ([*range(1, 13)], [1, 4, 7, 10])  # months that columns begin with
_CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def divided(names: list[str]) -> dict[str, int]:
    """Of a table's columns those that divide a day or a year, in order: minutes since midnight, or months, from 1.
    Nothing where they do not divide a whole one evenly."""
    return _times(names) or _months(names) or _quarters(names)


def in_a_row(table: Table, options: DataOptions, steps: dict[str, int]) -> tuple[Table, DataOptions] | None:
    """The calendar as a long table, a row a step, and the options that read it so. None where no single column says
    which day or year a row is. Columns that say more of a row are left out: a total of the day is not known before its
    end. BadData for a day that is no date."""
    (name,) = options.forecast
    monthly = list(steps.values()) in _OF_A_YEAR
    others = [column for column in table.frame.columns if column not in (*steps, *options.ignore)]
    begins = [c for c in others if c not in several(options.group) and _begins(table.frame[c], monthly)]
    if len(begins) != 1:
        return None
    groups = several(options.group) or _groups(table.frame, begins[0], others)
    _refuse_twice(table, groups, begins[0], others)
    frame = table.frame.with_columns(_beginning(table, begins[0], monthly).alias(TIME))
    long = frame.unpivot(on=list(steps), index=[*groups, TIME], variable_name="step", value_name=name)
    long = long.with_columns(_moment(steps, monthly).alias(TIME)).drop("step")
    rows = np.tile(table.rows, len(steps))
    known = _until_the_last_value(long, groups, name)
    left = [column for column in others if column not in (*groups, begins[0])]
    note: Note = {"key": "calendar", "column": begins[0], "count": len(steps), "first": next(iter(steps)),
                  "last": next(reversed(steps))}  # fmt: skip
    told: list[Note] = [{"key": "calendar_left", "columns": left}] if left else []
    notes = [*table.notes, note, *told]
    made = replace(table, frame=long.filter(known), rows=rows[known.to_numpy()], notes=notes)
    return made, replace(options, wide=None, group=groups or None, order=TIME)


def _refuse_twice(table: Table, groups: tuple[str, ...], begins: str, others: list[str]) -> None:
    """A day or year of two rows; the steps' own refusal would speak of a column that the file has not."""
    keys = table.frame.select(*groups, begins)
    twice = keys.with_row_index("place").filter(keys.is_duplicated()).rows()
    if twice:
        first, second = (int(table.rows[row[0]]) for row in [r for r in twice if r[1:] == twice[0][1:]][:2])
        raise BadData(f"rows {first} and {second} are of one {begins!r}", got=repr(str(twice[0][-1])),
                      fix="keep one of them, or name the columns that tell them apart: "
                      + telling_apart(table.frame.select(others), begins))  # fmt: skip


def _until_the_last_value(long: pl.DataFrame, groups: tuple[str, ...], name: str) -> pl.Series:
    """What is still to come of the last day or year is no gap."""
    last = pl.col(TIME).filter(pl.col(name).is_not_null()).max()
    return long.select(pl.col(TIME) <= (last.over(groups) if groups else last)).to_series().fill_null(False)


def _moment(steps: dict[str, int], monthly: bool) -> pl.Expr:
    place = pl.col("step").replace_strict(steps, return_dtype=pl.Int64)
    if monthly:
        return pl.date(pl.col(TIME), place, 1)
    return pl.col(TIME).cast(pl.Datetime("us")) + pl.duration(minutes=place)


def _begins(series: pl.Series, monthly: bool) -> bool:
    """Whether the column says which year, or which day, each row is."""
    if series.null_count():
        return False
    if monthly:
        years = _years(series)
        return not years.null_count() and bool(years.is_between(1500, 2200).all())
    if series.dtype == pl.String:
        return text_dates(series) == "date"
    return series.dtype == pl.Date or (series.dtype == pl.Datetime and series.dt.time().n_unique() == 1)


def _years(series: pl.Series) -> pl.Series:
    return series.cast(pl.String).str.strip_suffix("年").str.strip_suffix(".0").cast(pl.Int64, strict=False)


def _beginning(table: Table, column: str, monthly: bool) -> pl.Series:
    series = table.frame[column]
    if monthly:
        return _years(series)
    days = series if series.dtype != pl.String else dates_of(series, table, column)[0]
    if days.dtype == pl.Datetime and (days.dt.time() != pl.Series([0]).cast(pl.Time)[0]).any():
        raise BadData(f"column {column!r} holds times, and so do the names of the columns", got=repr(str(series[0])),
                      fix="leave the time out of it")  # fmt: skip
    return days.cast(pl.Date)


def _groups(frame: pl.DataFrame, begins: str, others: list[str]) -> tuple[str, ...]:
    """The first column of words or whole numbers that tells rows of one day or year apart; none where nothing does, or
    nothing need."""
    if frame[begins].n_unique() == frame.height:
        return ()
    kinds = [c for c in others if c != begins and (frame[c].dtype == pl.String or frame[c].dtype.is_integer())]
    apart = (c for c in kinds if frame.select(pl.struct(c, begins).n_unique()).item() == frame.height)
    return tuple(name for name in [next(apart, None)] if name is not None)


def _times(names: list[str]) -> dict[str, int]:
    """Columns named by clock times, by hours, or numbered as a day is divided."""
    for pattern in (_CLOCK, _HOUR, _NUMBERED):
        found = {name: match for name in names if (match := pattern.fullmatch(name.strip()))}
        if pattern is _CLOCK:
            minutes = {name: 60 * int(match[1]) + int(match[2]) for name, match in found.items()}
        elif pattern is _HOUR:
            minutes = {name: 60 * int(match[1] or match[2]) for name, match in found.items()}
        else:
            step = _DAY // len(found) if len(found) in _COUNTS else 0
            minutes = {name: step * int(match[1]) for name, match in found.items()}
        if _whole_day(list(minutes.values())):
            return minutes
    return {}


def _whole_day(minutes: list[int]) -> bool:
    """Evenly apart, and as many as a day has, from its beginning or the end of its first part."""
    steps = {after - before for before, after in pairwise(minutes)}
    step = next(iter(steps), 0)
    return len(steps) == 1 and step > 0 and step * len(minutes) == _DAY and minutes[0] in (0, step)


def _months(names: list[str]) -> dict[str, int]:
    """Twelve columns named by the months, in order. Numbers beyond 12 beside them are days of a month."""
    found = {name: place for name in names if (place := _month(name.strip()))}
    beyond = any(name.strip().isdecimal() and name not in found for name in names)
    return found if list(found.values()) == list(range(1, 13)) and not beyond else {}


def _quarters(names: list[str]) -> dict[str, int]:
    """Four columns named by the quarters, in order: the months that these begin with."""
    matched = {name: match for name in names if (match := _QUARTER.fullmatch(name.strip()))}
    marks = {name: match[1] or match[2] for name, match in matched.items()}
    found = {n: 3 * (_CHINESE.index(m) if m in _CHINESE else int(m) - 1) + 1 for n, m in marks.items()}
    return found if list(found.values()) == [1, 4, 7, 10] else {}


def _month(name: str) -> int:
    word = name.lower().rstrip(".").removesuffix("月")
    if word in _CHINESE and name.endswith("月"):
        return _CHINESE.index(word) + 1
    if word[:3] in _ENGLISH and word.isalpha() and word.isascii():
        return _ENGLISH.index(word[:3]) + 1
    return int(word) if word.isdecimal() and len(word) < 3 and 1 <= int(word) <= 12 else 0
