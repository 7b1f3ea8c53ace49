"""When the steps of a `.tsf` series were: its start, and so many times its frequency after it."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Ints
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.visible import visible

_SHAPES = ("%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_LAST_YEAR = 9999


class Frequency(NamedTuple):
    """A step: so many of a unit of the table library ("mo", "d", "m", "s")."""

    times: int
    unit: str


_NAMED = {"yearly": Frequency(12, "mo"), "quarterly": Frequency(3, "mo"), "monthly": Frequency(1, "mo"),
          "weekly": Frequency(7, "d"), "daily": Frequency(1, "d"), "hourly": Frequency(60, "m"),
          "half_hourly": Frequency(30, "m"), "minutely": Frequency(1, "m"), "secondly": Frequency(1, "s")}  # fmt: skip
_UNITS = {"year": "yearly", "month": "monthly", "week": "weekly", "day": "daily", "hour": "hourly",
          "minute": "minutely", "second": "secondly"}  # fmt: skip
_DAYS = {"mo": 31.0, "d": 1.0, "m": 1 / 1440, "s": 1 / 86_400}


def frequency_of(said: str) -> Frequency | None:
    """Of "monthly", or "10_minutes"; None for what is not known."""
    several = re.fullmatch(r"([1-9]\d{0,3})_([a-z]+?)s?", said)
    if several is None or several[2] not in _UNITS:
        return _NAMED.get(said)
    one = _NAMED[_UNITS[several[2]]]
    return Frequency(int(several[1]) * one.times, one.unit)


def moments(source: Source, starts: list[tuple[int, str]], frequency: Frequency, of_row: Ints, step: Ints) -> pl.Series:
    """[R] of each row. starts: line and text of each series; of_row: its series; step: from 0. BadData for a start that
    is none, with its line, and for a series that would end after the year 9999."""
    texts = pl.Series([text for _, text in starts])
    parsed = pl.select(pl.coalesce(texts.str.to_datetime(shape, strict=False) for shape in _SHAPES)).to_series()
    for (line, text), unknown in zip(starts, parsed.is_null(), strict=True):
        if unknown:
            raise BadData(f"the series of line {line} of {source.name} has no start", allowed="1979-01-01 00-00-00",
                          got=visible(text, 40) or "an empty field", fix="correct it")  # fmt: skip
    days = np.bincount(of_row) * frequency.times * _DAYS[frequency.unit]
    ends = parsed.dt.year().to_numpy() + days / 365
    if ends.max() > _LAST_YEAR:
        line, text = starts[int(ends.argmax())]
        raise BadData(f"the series of line {line} of {source.name} would end after the year {_LAST_YEAR}", got=text,
                      fix="correct its start, or @frequency")  # fmt: skip
    by = pl.Series("by", step * frequency.times)
    days_alone = frequency.unit in ("mo", "d") and (parsed == parsed.dt.truncate("1d")).all()
    at = parsed.cast(pl.Date) if days_alone else parsed  # whole days may be even in months
    found = pl.DataFrame({"at": at[of_row], "by": by})
    return found.select(pl.col("at").dt.offset_by(pl.format("{}" + frequency.unit, "by")))["at"]
