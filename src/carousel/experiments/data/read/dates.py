"""A column of dates: the one shape that all its rows have, or a refusal that names both readings and the cure."""

from __future__ import annotations

from typing import Literal, NoReturn

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.date_shapes import Shape, shapes
from carousel.experiments.data.read.table import Table

READABLE = "numbers, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DD HH:MM[:SS] with or without +HH:MM"
_PLAIN = ("YYYY-MM", "YYYY-MM-DD", "YYYY-MM-DD HH:MM[:SS]", "YYYY-MM-DD HH:MM[:SS]+HH:MM")  # nothing to be told
_NO_DATES = (
    "write dates as YYYY-MM-DD, or say how with --date-format; "
    "if the rows are in order as they are, --ignore it in place of --order"
)
_DIGITS = r"^(?:19|20)\d{2}(?:\d{2}){1,5}$"


def dates_of(series: pl.Series, table: Table, column: str) -> tuple[pl.Series, bool, list[Note]]:
    """([R] dates or date-times, whether they are times of day without a date, notes) of a column of text. BadData for
    a row that is written otherwise than the first, and where day and month cannot be told apart."""
    first = str(series[0])
    fitting = [shape for shape in shapes() if shape.fits(first) and shape.parse(pl.Series([first]))[0] is not None]
    readings = [(shape, shape.parse(series)) for shape in fitting]
    if not readings:
        _refuse_row(table, column, 0, first, READABLE, _NO_DATES)
    whole = [(shape, parsed) for shape, parsed in readings if not parsed.null_count()]
    if not whole:
        shape, parsed = min(readings, key=lambda reading: reading[1].null_count())
        row = int(np.flatnonzero(parsed.is_null().to_numpy())[0])
        _refuse_row(table, column, row, str(series[row]), f"{shape.written}, as in the first row")
    _refuse_two_readings(whole, column, series)
    shape, parsed = whole[0]
    return parsed, shape.clock, [] if shape.written in _PLAIN else [_note(column, shape.written, first, parsed)]


def text_dates(series: pl.Series) -> Literal["date", "clock"] | None:
    """What every text of the column can be read as: a date, with or without a time, or a time of day alone."""
    first = str(series[0])
    for shape in shapes():
        if shape.fits(first) and not shape.parse(series).null_count():
            return "clock" if shape.clock else "date"
    return None


def format_fits(series: pl.Series, format: str) -> bool:
    """Whether every text of the column is a date by this --date-format."""
    try:
        return not _by_format(series, format).null_count()
    except pl.exceptions.PolarsError:
        return False


def dates_by_format(series: pl.Series, table: Table, column: str, format: str) -> tuple[pl.Series, list[Note]]:
    """The same by the user's own --date-format. BadPlan where that says no date, BadData for a row it does not fit."""
    try:
        parsed = _by_format(series, format)
    except pl.exceptions.PolarsError as error:
        raise BadPlan(
            "--date-format names no date", got=format, fix="for example %d/%m/%Y or %Y-%m-%d %H:%M"
        ) from error
    bad = np.flatnonzero(parsed.is_null().to_numpy())
    if len(bad):
        row = int(bad[0])
        _refuse_row(table, column, row, str(series[row]), f"--date-format {format}")
    return parsed, [_note(column, format, str(series[0]), parsed)]


def _by_format(series: pl.Series, format: str) -> pl.Series:
    hours = any(mark in format for mark in ("%H", "%I", "%T", "%R", "%k", "%l", "%s"))
    zoned = "%z" in format or "%#z" in format
    kind = pl.Datetime("us", "UTC" if zoned else None) if hours else pl.Date
    months = format if any(mark in format for mark in ("%d", "%e", "%j", "%D", "%F", "%s")) else f"{format} %d"
    texts = series.cast(pl.String)
    return (texts if months == format else texts + " 1").str.strptime(kind, months, strict=False)


def compact_dates(series: pl.Series) -> tuple[pl.Series, str] | None:
    """Whole numbers that are all dates, such as 20200131 (with hours: 2020013123); None where one is none."""
    texts = series.cast(pl.String)
    if series.dtype.is_float() or len(texts) < 2 or not texts.str.contains(_DIGITS).all():
        return None
    for shape in shapes():
        if shape.written.replace(" ", "").isalpha() and not shape.parse(texts.head(1)).null_count():
            parsed = shape.parse(texts)
            if not parsed.null_count():
                return parsed, shape.written
    return None


def _note(column: str, written: str, first: str, parsed: pl.Series) -> Note:
    return {"key": "dates", "column": column, "written": written, "first": first, "read": str(parsed[0])}


def _refuse_two_readings(whole: list[tuple[Shape, pl.Series]], column: str, series: pl.Series) -> None:
    first = str(series[0])
    (shape, parsed), *others = whole
    for other, reading in others:
        unlike = np.flatnonzero((parsed != reading).to_numpy())
        if len(unlike):
            row = int(unlike[0])  # the first that tells them apart: 1/1/2020 is the same day in both
            raise BadData(
                f"the order column {column!r} can be read in two ways",
                got=f"{str(series[row])!r} is {parsed[row]} as {shape.written}, {reading[row]} as {other.written}",
                fix=f'say which: --date-format "{_asked(shape, first)}" or --date-format "{_asked(other, first)}"',
            )


def _asked(shape: Shape, first: str) -> str:
    """The format that fits the first row: with seconds only where it has them."""
    seconds = first.count(":") > 1 or ":%M" not in shape.asked
    return shape.asked if seconds else shape.asked.replace(":%S", "")


def _refuse_row(
    table: Table, column: str, row: int, value: str, allowed: str, fix: str = "write all rows alike, or remove this one"
) -> NoReturn:
    raise BadData(
        f"the order column {column!r} holds no time or number in row {table.rows[row]}",
        allowed=allowed,
        got=repr(value),
        fix=fix,
    )
