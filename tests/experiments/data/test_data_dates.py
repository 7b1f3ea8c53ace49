"""Dates and times as people write them: each kind is read rightly, and the card says how, or both readings are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, card_lines, prepare
from tests.experiments.data.data_files import refused, told, write

SERIES = DataOptions(forecast=("y",), order="t")
HOURS = [datetime(2018, 1, 30) + timedelta(hours=7 * n) for n in range(60)]
DAYS = [datetime(2018, 1, 30) + timedelta(days=n) for n in range(60)]
WEEKS = [datetime(2018, 1, 29) + timedelta(weeks=n) for n in range(60)]
MONTHS = [datetime(1991 + n // 12, 1 + n % 12, 1) for n in range(60)]


def series_of(folder: Path, texts: list[str], mark: str = "\t") -> Path:
    """t and y, the rows turned round: only times that are read rightly bring them into order again."""
    rows = [f"{text}{mark}{n % 7 + n / 10}" for n, text in enumerate(texts)]
    return write(folder, "a.tsv" if mark == "\t" else "a.csv", "\n".join([f"t{mark}y", *reversed(rows)]) + "\n")


def unpadded(moment: datetime, form: str) -> str:
    parts = {"Y": moment.year, "m": moment.month, "d": moment.day, "H": moment.hour, "M": f"{moment.minute:02d}"}
    return form.format(**parts)


KINDS = [
    ("hours, no zeros", [unpadded(t, "{Y}-{m}-{d} {H}:{M}") for t in HOURS], "seconds", 7 * 3600, "YYYY-MM-DD HH:MM"),
    ("slashes", [unpadded(t, "{Y}/{m}/{d}") for t in DAYS], "days", 1, "YYYY/MM/DD"),
    ("American", [unpadded(t, "{m}/{d}/{Y}") for t in DAYS], "days", 1, "MM/DD/YYYY"),
    ("European", [f"{t:%d/%m/%Y}" for t in DAYS], "days", 1, "DD/MM/YYYY"),
    ("German", [f"{t:%d.%m.%Y %H:%M}" for t in HOURS], "seconds", 7 * 3600, "DD.MM.YYYY HH:MM"),
    ("dots in the time", [f"{t:%d/%m/%Y %H.%M.%S}" for t in HOURS], "seconds", 7 * 3600, "HH.MM.SS"),
    ("month's name first", [f"{t:%b} {t.day} {t.year}" for t in DAYS], "days", 1, "Mon DD YYYY"),
    ("whole name", [f"{t:%B} {t.day}, {t.year}" for t in DAYS], "days", 1, "Mon DD YYYY"),
    ("day and name", [f"{t:%d-%b-%Y}" for t in DAYS], "days", 1, "DD Mon YYYY"),
    ("year and name", [f"{t:%Y %b}" for t in MONTHS], "months", 1, "YYYY Mon"),
    ("quarters", [f"{1990 + n // 4}Q{n % 4 + 1}" for n in range(60)], "months", 3, "YYYYQn"),
    ("month and short year", [f"{t:%b-%y}" for t in MONTHS], "months", 1, "Mon-YY"),
    ("unix", [f"{t:%a %b %d %H:%M:%S UTC %Y}" for t in HOURS], "seconds", 7 * 3600, "Day Mon DD HH:MM:SS ZONE YYYY"),
    ("a zone in letters", [f"{t:%Y-%m-%d %H:%M:%S} UTC" for t in HOURS], "seconds", 7 * 3600, "YYYY-MM-DD HH:MM"),
    ("weeks", [f"{t:%G-W%V}" for t in WEEKS], "days", 7, "YYYY-Wnn"),
    ("Chinese weeks", [f"{t:%G}年第{int(f'{t:%V}')}周" for t in WEEKS], "days", 7, "YYYY年第n周"),
    ("Chinese quarters", [f"{y}年{q}季度" for y in range(1990, 2000) for q in "一二三四"], "months", 3, "YYYY年n季度"),
    ("Chinese hours", [f"{t:%Y-%m-%d %H}时" for t in HOURS], "seconds", 7 * 3600, "YYYY-MM-DD HH时"),
    ("Chinese half days", [f"{t:%Y/%m/%d} {'上午' if t.hour < 12 else '下午'}{t:%I:%M}" for t in HOURS], "seconds",
     7 * 3600, "YYYY/MM/DD 上午HH:MM[:SS]"),
    ("Chinese", [unpadded(t, "{Y}年{m}月{d}日") for t in DAYS], "days", 1, "YYYY年MM月DD日"),
    ("half days", [f"{t:%m/%d/%Y %I:%M %p}" for t in HOURS], "seconds", 7 * 3600, "HH:MM[:SS] AM"),
    ("digits", [f"{t:%Y%m%d}" for t in DAYS], "days", 1, "YYYYMMDD"),
    ("digits and hour", [f"{t:%Y%m%d%H}" for t in HOURS], "seconds", 7 * 3600, "YYYYMMDDHH"),
    ("short years", [f"{t:%m/%d/%y}" for t in DAYS], "days", 1, "MM/DD/YY"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "unit", "step", "written"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS])
def test_a_kind_of_date(tmp_path: Path, texts: list[str], unit: str, step: float, written: str) -> None:
    card = prepare(series_of(tmp_path, texts), SERIES).card
    assert card["forecast"] is not None
    assert card["forecast"]["spacing"] == {"unit": unit, "step": step, "regular": True, "odd": 0}
    note = next((note for note in card["notes"] if note["key"] == "dates"), None)
    if note is None:  # the plain order of ISO 8601 cannot be misread, and is not told
        assert written == "YYYY-MM-DD HH:MM"
        return
    assert written in str(note["written"])
    assert note["first"] == texts[-1]
    assert any(written in line and texts[-1] in line for line in card_lines(card, "en"))
    assert any(written in line and texts[-1] in line for line in card_lines(card, "zh"))


def test_day_and_month_that_cannot_be_told_apart(tmp_path: Path) -> None:
    texts = [f"{t:%d/%m/%Y}" for t in DAYS if t.day <= 12]
    path = series_of(tmp_path, texts)
    first = texts[-1]
    line = refused(path, SERIES, BadData, "two ways", repr(first), '--date-format "%d/%m/%Y"', '"%m/%d/%Y"')
    assert "2018-03-12 as DD/MM/YYYY, 2018-12-03 as MM/DD/YYYY" in line


@pytest.mark.parametrize(("form", "read"), [("%d/%m/%Y", "2018-03-12"), ("%m/%d/%Y", "2018-12-03")])
def test_the_cure_reads_it_the_way_it_says(tmp_path: Path, form: str, read: str) -> None:
    path = series_of(tmp_path, [f"{t:%d/%m/%Y}" for t in DAYS if t.day <= 12])
    options = DataOptions(forecast=("y",), order="t", date_format=form, window=2, horizon=1)
    assert told(prepare(path, options), "dates")["read"] == read


def test_date_and_time_in_two_columns(tmp_path: Path) -> None:
    rows = [f"{t:%d/%m/%Y};{t:%H.%M.%S};{n % 7 + n / 10}" for n, t in enumerate(HOURS)]
    path = write(tmp_path, "a.csv", "\n".join(["Date;Time;y", *reversed(rows)]))
    for order in (("Date", "Time"), ("Date,Time",)):
        prepared = prepare(path, DataOptions(forecast=("y",), order=order))
        card = prepared.card
        assert card["forecast"] is not None
        assert card["forecast"]["spacing"] == {"unit": "seconds", "step": 25200, "regular": True, "odd": 0}
        assert told(prepared, "joined_order")


def test_year_month_day_and_hour_in_four_columns(tmp_path: Path) -> None:
    rows = [f"{t.year},{t.month},{t.day},{t.hour},{n % 7 + n / 10}" for n, t in enumerate(HOURS)]
    path = write(tmp_path, "a.csv", "\n".join(["year,month,day,hour,y", *reversed(rows)]))
    card = prepare(path, DataOptions(forecast=("y",), order=("year", "month", "day", "hour"))).card
    assert card["forecast"] is not None
    assert card["forecast"]["spacing"] == {"unit": "seconds", "step": 25200, "regular": True, "odd": 0}
    assert card["channels"]["names"] == ["y"]


def test_times_of_day(tmp_path: Path) -> None:
    texts = [f"{datetime(2000, 1, 1, 9) + timedelta(minutes=5 * n):%-I:%M %p}" for n in range(60)]
    rows = [f"{text},{n % 7 + n / 10}" for n, text in enumerate(texts)]
    card = prepare(write(tmp_path, "a.csv", "\n".join(["t,y", *rows])), SERIES).card
    assert card["forecast"] is not None
    assert card["forecast"]["spacing"] == {"unit": "seconds", "step": 300, "regular": True, "odd": 0}


def test_times_of_day_that_pass_midnight(tmp_path: Path) -> None:
    texts = [f"{datetime(2000, 1, 1, 22) + timedelta(minutes=5 * n):%H:%M}" for n in range(60)]
    rows = [f"{text},{n}" for n, text in enumerate(texts)]
    path = write(tmp_path, "a.csv", "\n".join(["t,y", *rows]))
    refused(path, SERIES, BadData, "times of day in 't' go back in row 26", "'00:00'", "--order DATE --order t")


def test_a_day_that_does_not_exist(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "t,y\n2018/2/27,1\n2018/2/28,2\n2018/2/29,3\n")
    refused(path, SERIES, BadData, "row 4", "'2018/2/29'", "YYYY/MM/DD, as in the first row", "write all rows alike")


def test_a_format_that_is_none(tmp_path: Path) -> None:
    path = series_of(tmp_path, [f"{t:%Y-%m-%d}" for t in DAYS])
    refused(path, DataOptions(forecast=("y",), order="t", date_format="%d/%m/%Y"), BadData, "row 2", "%d/%m/%Y")
    refused(path, DataOptions(forecast=("y",), date_format="%d/%m/%Y"), BadPlan, "--date-format goes with --order")
    with pytest.raises(BadPlan, match="--date-format goes with --order"):
        DataOptions(target="y", date_format="%d/%m/%Y")
