"""Calendars as tables: days by times, years by months. Each is read as the long table that says the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.data.prepare.new_rows import read_new_rows
from tests.experiments.data.data_files import refused, told, write

WIDE = DataOptions(wide=True, forecast=("load",))
LONG = DataOptions(forecast=("load",), order="time")
DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(20)]


def load(step: int) -> str:
    return f"{np.sin(step / 4) + step / 100:.4f}"


def calendar(folder: Path, head: list[str], begins: list[str], columns: list[str], end: int | None = None) -> Path:
    """head: names of the columns before the steps; begins: their cells, a row each. end: steps that have come."""
    lines = [",".join([*head, *columns])]
    for row, cells in enumerate(begins):
        places = range(row * len(columns), (row + 1) * len(columns))
        lines.append(",".join([cells, *(load(n) if end is None or n < end else "" for n in places)]))
    return write(folder, "wide.csv", "\n".join(lines) + "\n")


def long(folder: Path, times: list[str]) -> Path:
    return write(folder, "long.csv", "time,load\n" + "".join(f"{t},{load(n)}\n" for n, t in enumerate(times)))


def moments(minutes: int, first: int = 0) -> list[str]:
    begin, count = datetime(2024, 1, 1), 20 * 1440 // minutes
    return [f"{begin + timedelta(minutes=minutes * (n + first)):%Y-%m-%d %H:%M}" for n in range(count)]


QUARTERS = [f"{n * 15 // 60:02d}:{n * 15 % 60:02d}" for n in range(1, 97)]  # to 24:00
OF_DAYS = {
    "half hours": ([f"{n // 2}:{n % 2 * 30:02d}" for n in range(48)], moments(30)),
    "quarters of an hour, to 24:00": (QUARTERS, moments(15, 1)),
    "hours": ([f"{n}时" for n in range(24)], moments(60)),
    "hours by their ends": ([f"HE{n}" for n in range(1, 25)], moments(60, 1)),
    "hours by number": ([f"H{n}" for n in range(1, 25)], moments(60, 1)),
    "numbers": ([str(n) for n in range(96)], moments(15)),
}


@pytest.mark.parametrize(("columns", "times"), OF_DAYS.values(), ids=OF_DAYS)
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y年%m月%d日", "%Y%m%d"])
def test_days_by_times(tmp_path: Path, columns: list[str], times: list[str], form: str) -> None:
    path = calendar(tmp_path, ["day"], [f"{day:{form}}" for day in DAYS], columns)
    read, same = prepare(path, WIDE), prepare(long(tmp_path, times), LONG)
    assert (read.x == same.x).all() and read.lengths.tolist() == same.lengths.tolist()
    assert read.card["forecast"] == same.card["forecast"]
    assert (told(read, "calendar")["column"], told(read, "calendar")["count"]) == ("day", len(columns))
    assert all("{" not in line for lang in ("en", "zh") for line in card_lines(read.card, lang))


MONTHS = {
    "English": [f"{date(2024, n, 1):%b}" for n in range(1, 13)],
    "Chinese": [f"{n}月" for n in range(1, 13)],
    "Chinese words": [f"{n}月" for n in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")],
    "numbers": [str(n) for n in range(1, 13)],
}


@pytest.mark.parametrize("columns", MONTHS.values(), ids=MONTHS)
def test_years_by_months_up_to_the_last_known(tmp_path: Path, columns: list[str]) -> None:
    """What is still to come of the last year is no gap; a column of the whole year is left out."""
    years = list(range(1990, 2010))
    path = calendar(tmp_path, ["year", "whole"], [f"{year},99" for year in years], columns, end=20 * 12 - 5)
    times = [f"{year}-{month:02d}" for year in years for month in range(1, 13)][:-5]
    read, same = prepare(path, WIDE), prepare(long(tmp_path, times), LONG)
    assert (read.x == same.x).all() and read.card["missing"] == {}
    assert read.card["forecast"] == same.card["forecast"]
    assert told(read, "calendar_left")["columns"] == ["whole"]
    new = read_new_rows(path, WIDE, read)
    assert new.raw[-1, 0] == pytest.approx(float(load(20 * 12 - 6)))


QUARTER_NAMES = [[f"Q{n}" for n in "1234"], [f"{n}季度" for n in "一二三四"], [f"第{n}季度" for n in "1234"]]


@pytest.mark.parametrize("columns", QUARTER_NAMES)
def test_years_by_quarters(tmp_path: Path, columns: list[str]) -> None:
    years = range(1960, 2000)
    read = prepare(calendar(tmp_path, ["year"], [f"{year}年" for year in years], columns), WIDE)
    same = prepare(long(tmp_path, [f"{year}Q{n}" for year in years for n in (1, 2, 3, 4)]), LONG)
    assert (read.x == same.x).all() and read.card["forecast"] == same.card["forecast"]


def test_several_meters(tmp_path: Path) -> None:
    begins = [f"{day},{meter}" for meter in ("A", "B") for day in DAYS]
    path = calendar(tmp_path, ["day", "meter"], begins, QUARTERS)
    read = prepare(path, WIDE)
    assert read.card["sequences"] == 2 and read.card["lengths"]["max"] == 20 * 96
    assert (prepare(path, DataOptions(wide=True, forecast=("load",), group="meter")).x == read.x).all()


def test_not_said(tmp_path: Path) -> None:
    path = calendar(tmp_path, ["year"], [str(year) for year in range(1990, 2010)], MONTHS["English"])
    refused(path, DataOptions(forecast=("load",)), BadData, "12 columns from 'Jan' to 'Dec'", "--wide --forecast load")


def test_columns_that_divide_no_day(tmp_path: Path) -> None:
    """Some times of a day are a panel, as any moments are: a row is a series of its own."""
    path = calendar(tmp_path, ["day"], [str(day) for day in DAYS], [f"{n}:00" for n in range(8, 20)])
    assert prepare(path, WIDE).card["sequences"] == 20


def test_days_that_are_not_said_to_be_rows(tmp_path: Path) -> None:
    """A column of dates orders no steps here, since the rows are none."""
    path = calendar(tmp_path, ["day"], [str(day) for day in DAYS], [f"{n}:00" for n in range(24)])
    refused(path, DataOptions(forecast=("load",)), BadData, "24 columns from '0:00'", "--wide --forecast load")


def test_days_of_a_month_are_no_months(tmp_path: Path) -> None:
    months = [f"2024-{n:02d}" for n in range(1, 13)]
    read = prepare(calendar(tmp_path, ["month"], months, [str(n) for n in range(1, 29)]), WIDE)
    assert read.card["channels"]["names"] == ["load"] and read.card["lengths"]["max"] == 28


def test_a_day_that_comes_twice(tmp_path: Path) -> None:
    """The refusal speaks of the file's own column, and names two that tell the rows apart."""
    hours = [f"{n}:00" for n in range(24)]
    path = calendar(tmp_path, ["day"], [str(day) for day in (*DAYS, DAYS[3])], hours)
    line = refused(path, WIDE, BadData, "rows 5 and 22 are of one 'day'", "'2024-01-04'")
    assert "--ignore" not in line
    begins = [f"{day},{meter},{kind}" for meter in "AB" for kind in "PQ" for day in DAYS]
    path = calendar(tmp_path, ["day", "meter", "kind"], begins, hours)
    refused(path, WIDE, BadData, "rows 2 and 22", "--group meter --group kind")
    assert prepare(path, DataOptions(wide=True, forecast=("load",), group=("meter", "kind"))).card["sequences"] == 4
