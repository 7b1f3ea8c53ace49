"""What a file has that a network would suffer from, and what is done about it: gaps, wild cells, rows of two kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, card_lines, prepare
from carousel.experiments.data.read.fill import filled
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, told, write

NAN = float("nan")
FORECAST = DataOptions(forecast=("y",))


@pytest.mark.parametrize(("rule", "made"), [
    ("last", [[NAN, 1, 1, 3, 3], [NAN, NAN, 5, 5, 8]]),
    ("linear", [[NAN, 1, 2, 3, NAN], [NAN, NAN, 5, 6.5, 8]]),
])  # fmt: skip
def test_gaps_are_filled_within_a_sequence(rule: str, made: list[list[float]]) -> None:
    x = np.array([NAN, 1, NAN, 3, NAN, NAN, NAN, 5, NAN, 8])[:, None]
    found, notes = filled(x, np.array([5, 5]), rule)  # type: ignore[arg-type]
    assert np.array_equal(found[:, 0], np.ravel(made), equal_nan=True)
    left = int(np.isnan(made).sum())
    assert notes == [{"key": f"filled_{rule}", "count": 6 - left, "left": left}]
    same, nothing = filled(x, np.array([5, 5]), None)
    assert same is x and not nothing


def test_fill_on_a_file(tmp_path: Path) -> None:
    values = [None if n % 7 == 3 else np.sin(n / 5) for n in range(300)]
    path = csv_of(tmp_path, pl.DataFrame({"y": values}))
    gaps, whole = (prepare(path, DataOptions(forecast=("y",), horizon=2, fill=fill)) for fill in (None, "last"))
    assert told(gaps, "target_gaps")["count"] and not any(note["key"] == "target_gaps" for note in whole.card["notes"])
    assert told(whole, "filled_last")["count"] == 43 and whole.card["missing"] == {}
    assert whole.x.shape[1] == 1 < gaps.x.shape[1], "no mask where nothing is missing"
    with pytest.raises(BadPlan, match="which a forecast cannot know"):
        DataOptions(forecast=("y",), fill="linear")
    with pytest.raises(BadPlan, match="--fill is unknown"):
        DataOptions(target="y", fill="mean")  # type: ignore[arg-type]


def test_scaling_survives_a_few_wild_cells(tmp_path: Path) -> None:
    frame = long_frame(200, steps=6)
    usual = pl.Series(np.random.default_rng(0).normal(0, 1, frame.height))
    frame = frame.with_columns(x=usual)
    wild = frame.with_columns(x=pl.when(pl.int_range(frame.height).is_in([5, 400, 800])).then(1e6).otherwise(usual))
    tame, read = (prepare(csv_of(tmp_path, each), LONG) for each in (frame, wild))
    place = read.card["channels"]["names"].index("x")
    assert read.std[place] == pytest.approx(tame.std[place], rel=0.02) and np.abs(read.x[:, place]).max() < 10
    note = told(read, "robust")
    assert note["column"] == "x" and float(str(note["most"])) < 10
    assert all(any("x is scaled without" in line or "x 的缩放" in line for line in card_lines(read.card, lang))
               for lang in ("en", "zh"))  # fmt: skip
    assert not any(note["key"] == "robust" for note in tame.card["notes"])


def test_a_wild_value_to_forecast_stays(tmp_path: Path) -> None:
    values = [float(np.sin(n / 9)) for n in range(900)]
    values[450] = 5000.0
    read = prepare(csv_of(tmp_path, pl.DataFrame({"y": values})), FORECAST)
    assert told(read, "robust_asked")["column"] == "y"
    assert read.std[0] < 1 and (read.x[:, 0] * read.std[0] + read.mean[0]).max() == pytest.approx(5000, rel=1e-4)


def test_series_that_take_turns_are_told(tmp_path: Path) -> None:
    hours = np.repeat(np.arange(200), 3)
    level = np.tile([10.0, 500.0, 90.0], 200)
    frame = pl.DataFrame({"sensor": ["a", "b", "c"] * 200, "y": level + np.sin(hours / 9)})
    assert told(prepare(csv_of(tmp_path, frame), FORECAST), "taking_turns")["column"] == "sensor"
    days = pl.DataFrame({"day": ["Mo", "Tu", "We"] * 200, "y": np.cumsum(np.random.default_rng(1).normal(size=600))})
    kept = prepare(csv_of(tmp_path, days), FORECAST)
    assert not any(note["key"] == "taking_turns" for note in kept.card["notes"])


def test_a_row_that_is_a_sequence_is_asked_about(tmp_path: Path) -> None:
    steps = {f"s{k}": [(n * 7 + k * 3) % 11 / 10 for n in range(24)] for k in range(5)}
    names = [f"case {n}" for n in range(24)]
    frame = pl.DataFrame({"s0": steps.pop("s0"), "who": names, "n": range(1, 25), **steps, "label": ["a", "b"] * 12})
    path = csv_of(tmp_path, frame)
    taken, meant = prepare(path, DataOptions("label")), prepare(path, DataOptions("label", wide=True))
    assert "--wide" in "".join(card_lines(taken.card, "en")) and "--wide" not in "".join(card_lines(meant.card, "en"))
    assert [note["column"] for note in taken.card["notes"] if note["key"] == "names_rows"] == ["who", "n"]
    assert meant.card["lengths"]["max"] == 5 and told(meant, "wide")["first"] == "s0"
    for options in ({"target": "label", "group": "who"}, {"forecast": ("s0",), "order": "n"}):
        with pytest.raises(BadPlan, match="exclude each other: a row is a whole sequence"):
            DataOptions(wide=True, **options)  # type: ignore[arg-type]


def test_a_long_cell_is_read_and_an_endless_quote_is_named(tmp_path: Path) -> None:
    rows = [f'{n},"{n % 5}.5",{n % 3},{"ab"[n % 2]},"x"' for n in range(40)]
    long = "\n".join(["n,v,w,label,text", *rows, f'40,"1.5",2,a,"{"x" * 300_000}"', ""])
    read = prepare(write(tmp_path, "long.csv", long), DataOptions("label", ignore=("text",)))
    assert read.card["sequences"] == 41
    endless = "\n".join(["n,v,w,label,text", *rows, '41,"1.5,2,a,x', *["42,1,2,a,x"] * 20_000])
    refused(write(tmp_path, "endless.csv", endless), DataOptions("label"), BadData, "never ends")


@pytest.mark.parametrize(("columns", "key", "unit"), [
    ({"year": [1990 + n // 4 for n in range(80)], "quarter": [n % 4 + 1 for n in range(80)]}, "joined_order", "months"),
    ({"Month": [n // 28 + 1 for n in range(80)], "Day": [n % 28 + 1 for n in range(80)]}, "counted_order", "number"),
])  # fmt: skip
def test_steps_ordered_by_several_numbers(columns: dict[str, list[int]], key: str, unit: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({**columns, "y": [float(n % 7) for n in range(80)]}).sample(fraction=1, shuffle=True, seed=3)
    read = prepare(csv_of(tmp_path, frame), DataOptions(forecast=("y",), order=tuple(columns)))
    assert told(read, key)["columns"] == list(columns)
    spacing = read.card["forecast"]["spacing"] if read.card["forecast"] else None
    assert spacing is not None and (spacing["unit"], spacing["regular"]) == (unit, True)
    assert (read.x[:, 0] * read.std[0] + read.mean[0]).round().tolist() == [n % 7 for n in range(80)]


def test_a_header_between_apostrophes(tmp_path: Path) -> None:
    rows = "".join(f"{n % 5}\t{n % 3}\t{n % 2}\n" for n in range(30))
    read = prepare(write(tmp_path, "a.tsv", "'s1'\t's2'\t'vote'\n" + rows), DataOptions("vote"))
    assert read.card["target"] == "vote" and read.card["sequences"] == 30


def test_rows_of_one_step_without_a_group(tmp_path: Path) -> None:
    path = csv_of(tmp_path, pl.DataFrame({"v": [0.5, 1.0, 2.0] * 9, "label": ["a", "b", "a"] * 9}))
    refused(path, DataOptions("label"), BadData, "if a row is one step, name its sequence with --group")


def test_a_column_that_counts_the_rows_is_no_input(tmp_path: Path) -> None:
    frame = long_frame(24).with_columns(n=pl.int_range(pl.len()))
    read = prepare(csv_of(tmp_path, frame), LONG)
    assert told(read, "names_rows")["column"] == "n" and "n" not in read.card["channels"]["names"]
    kept = prepare(csv_of(tmp_path, frame), DataOptions("label", "id", "t", inputs=("n", "a")))
    alone = prepare(csv_of(tmp_path, frame.select("id", "t", "n", "label")), LONG)
    assert set(kept.card["channels"]["names"]) == {"a", "n"} and alone.card["channels"]["names"] == ["n"]
    series = pl.DataFrame({"n": range(90), "y": [float(n % 7) for n in range(90)]})
    assert prepare(csv_of(tmp_path, series), FORECAST).card["channels"]["names"] == ["y"]


def test_a_block_may_be_part_of_the_group(tmp_path: Path) -> None:
    rows = [(f"p{n // 9}", n // 3 % 3, n % 3, n * 7 % 11, "ab"[n // 3 % 2]) for n in range(270)]
    frame = pl.DataFrame(rows, schema=["patient", "session", "t", "x", "label"], orient="row")
    options = DataOptions("label", ("patient", "session"), "t", block="patient")
    read = prepare(csv_of(tmp_path, frame), options)
    assert read.card["channels"]["names"] == ["x"] and read.card["sequences"] == 90
    parts = [set(read.part[n : n + 3].tolist()) for n in range(0, 90, 3)]
    assert all(len(part) == 1 for part in parts) and told(read, "blocks")["training"] == 18
    with pytest.raises(BadPlan, match="given twice"):
        DataOptions("label", "patient", "t", block="patient")
