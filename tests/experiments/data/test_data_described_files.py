"""Files whose header describes their columns: Monash's .tsf, and Orange's header of three rows."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.data.read.source import read_source
from carousel.experiments.data.read.tsf import read_tsf
from tests.experiments.data.data_files import refused, told, write

ASKED = DataOptions(forecast=("value",), group="name", order="time", horizon=2)


def monash(frequency: str = "monthly", start: str = "1979-01-31 00-00-00", more: str = "", steps: int = 60) -> str:
    """Two series of a wave, the second from another start and with a gap."""
    waves = [[f"{(k + 1) * math.sin(t / 3):.3f}" for t in range(steps)] for k in range(2)]
    waves[1][5] = "?"
    starts = (start, "1990-01-31 00-00-00")
    body = "".join(f"T{k}:{s}:{','.join(wave)}\n" for k, (s, wave) in enumerate(zip(starts, waves, strict=True)))
    head = f"# made\n@relation r\n@attribute name string\n@attribute begins date\n{more}@frequency {frequency}\n"
    return head + "@horizon 2\n@missing true\n@data\n" + body


def moments(folder: Path, frequency: str, start: str = "1979-01-31 00-00-00") -> list[object]:
    """Of the first three steps."""
    path = write(folder, "a.tsf", monash(frequency, start))
    return read_tsf(read_source(path), ASKED).frame["time"].head(3).to_list()


def test_what_the_header_says_is_the_fix(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsf", monash())
    line = refused(path, DataOptions(), BadPlan, "holds series to forecast, 2 of them")
    assert line.endswith("give these alone: --forecast value --group name --order time --horizon 2")
    read = prepare(path, ASKED)
    assert read.card["channels"]["names"] == ["value", "value (missing)"]
    assert read.card["forecast"]["horizon"] == 2  # type: ignore[index]
    without = DataOptions(forecast=("value",), group="name", order="time")
    assert told(prepare(path, without), "horizon_said")["count"] == 2


def test_the_moments_of_the_steps(tmp_path: Path) -> None:
    assert moments(tmp_path, "monthly") == [date(1979, 1, 31), date(1979, 2, 28), date(1979, 3, 31)]
    assert moments(tmp_path, "weekly") == [date(1979, 1, 31), date(1979, 2, 7), date(1979, 2, 14)]
    found = moments(tmp_path, "10_minutes", "2012-01-01 23-45-00")
    assert [str(moment) for moment in found] == ["2012-01-01 23:45:00", "2012-01-01 23:55:00", "2012-01-02 00:05:00"]


def test_steps_without_a_moment_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsf", monash("fortnightly"))
    refused(path, DataOptions(), BadPlan, "--order step")
    table = read_tsf(read_source(path), DataOptions(forecast=("value",), group="name", order="step"))
    assert table.frame["step"].to_list() == [*range(1, 61)] * 2
    assert table.frame["begins"].n_unique() == 2  # an attribute like the others then
    assert table.rows[0] == 9 and table.rows[60] == 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (monash().replace("@data", ""), "has no @data line"),
        (monash().partition("T0")[0], "has no series after @data"),
        (monash(start="last May"), "the series of line 9 of a.tsf has no start"),
        (monash("9999_years"), "would end after the year 9999"),
        (monash(more="@attribute name numeric\n"), "does not tell its attributes apart"),
        (monash(more="@attribute size\n"), "line 5 of a.tsf names no attribute"),
        (monash(more="@attribute size numeric\n"), "line 10 of a.tsf has not one field for each attribute"),
        (monash().replace("T0:", "T0:x:"), "line 9 of a.tsf has not one field for each attribute"),
    ],
)
def test_a_damaged_one_is_refused(tmp_path: Path, content: str, words: str) -> None:
    refused(write(tmp_path, "a.tsf", content), ASKED, BadData, words)


def orange(mark: str = "\t") -> str:
    """Ten cases of three numbers, named, with a class."""
    rows = [["name", "x", "y", "z", "kind"], ["string", "c", "continuous", "1 2 3", "d"], ["meta", "", "", "", "class"]]
    rows += [[f"n{n}", f"{n / 3:.2f}", str(n * n % 7), str(1 + n % 3), "ab"[n % 2]] for n in range(30)]
    return "\n".join(mark.join(row) for row in rows) + "\n"


@pytest.mark.parametrize(("name", "mark"), [("a.tab", "\t"), ("a.csv", ",")])
def test_a_header_of_three_rows(tmp_path: Path, name: str, mark: str) -> None:
    path = write(tmp_path, name, orange(mark))
    refused(path, DataOptions(), BadPlan, "fix: --target kind, the class that the file names")
    read = prepare(path, DataOptions(target="kind"))
    assert told(read, "described_header")["row"] == 3
    assert told(read, "no_input")["columns"] == ["name"]
    assert [named["name"] for named in read.card["classes"]] == ["a", "b"]  # type: ignore[union-attr]
    assert len(read.lengths) == 30 and set(read.lengths) == {3}


def test_an_option_may_name_what_the_header_takes_from_the_inputs(tmp_path: Path) -> None:
    content = orange().replace("\tmeta", "\t").replace("\nmeta\t\t", "\n\tmeta\t")
    read = prepare(write(tmp_path, "a.tab", content), DataOptions(forecast=("x",), ignore=("name",)))
    assert not [note for note in read.card["notes"] if note["key"] == "no_input"]


def test_words_below_a_header_are_no_kinds(tmp_path: Path) -> None:
    rows = "name,c\nd,c\nclass,i\n" + "".join(f"{'dc'[n % 2]},{'ic'[n % 2]}\n" for n in range(20))
    path = write(tmp_path, "a.csv", rows)
    assert pl.read_csv(path).height == 22
    refused(path, DataOptions(target="c"), BadData, "no column besides the target holds numbers")
