"""What is no error and yet may be wrong is told: values that mean "missing", wild cells, gaps in what is forecast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, card_lines, prepare
from tests.experiments.data.data_files import csv_of, refused, told, write

SERIES = DataOptions(forecast=("y",), order="t", window=4, horizon=2)


def series(steps: int = 600, **cells: float | None) -> pl.DataFrame:
    """A wave; cells: places of y (y5, y77) and what is written there."""
    y: list[float | None] = [round(5 + 3 * np.sin(n / 7) + n % 11 / 10, 2) for n in range(steps)]
    for place, value in cells.items():
        y[int(place[1:])] = value
    return pl.DataFrame({"t": range(steps), "y": y})


def keys(frame: pl.DataFrame, folder: Path) -> list[object]:
    return [note["key"] for note in prepare(csv_of(folder, frame), SERIES).card["notes"]]


@pytest.mark.parametrize("code", [-200.0, -999.0, 9999.0])
def test_a_number_that_means_missing(tmp_path: Path, code: float) -> None:
    path = csv_of(tmp_path, series(y5=code, y77=code, y300=code))
    read = prepare(path, SERIES)
    note = told(read, "means_missing")
    assert (note["column"], note["value"], note["count"]) == ("y", f"{code:g}", 3)
    assert note["max"] == max(v for v in series()["y"])
    assert any(f"--missing {code:g}" in line for line in card_lines(read.card, "zh"))
    cured = prepare(path, DataOptions(forecast=("y",), order="t", window=4, horizon=2, missing=(f"{code:g}",)))
    assert told(cured, "missing_value")["count"] == 3
    assert cured.card["missing"] == {"y": 3}


def test_what_is_usual_is_not_told(tmp_path: Path) -> None:
    assert keys(series(), tmp_path) == []
    rain = series().with_columns(y=pl.Series([0.0 if n % 3 else n % 50 / 2 for n in range(600)]))
    assert keys(rain, tmp_path) == []


def test_wild_cells_are_told_with_their_rows(tmp_path: Path) -> None:
    note = told(prepare(csv_of(tmp_path, series(y20=1e6, y400=-5e5)), SERIES), "wild")
    assert (note["count"], note["values"]) == (2, ["1e+06 (row 22)", "-500000 (row 402)"])


def test_windows_whose_targets_are_missing_are_left_out(tmp_path: Path) -> None:
    whole = prepare(csv_of(tmp_path, series()), SERIES)
    gapped = prepare(csv_of(tmp_path, series(y300=None)), SERIES)
    note = told(gapped, "target_gaps")
    # two steps ahead: the gap is the first target, the second, or the last value seen of one window each
    assert (note["count"], note["of"]) == (3, len(whole.y))
    assert len(gapped.y) == len(whole.y) - 3 and np.isfinite(gapped.y).all()
    assert set(gapped.starts) == set(whole.starts) - {295, 296, 297}


def test_too_many_gaps(tmp_path: Path) -> None:
    frame = series().with_columns(y=pl.when(pl.col("t") % 2 == 0).then("y"))
    refused(csv_of(tmp_path, frame), SERIES, BadData, "y has gaps", "windows with a gap", "--horizon")


def test_a_column_that_counts_the_rows_is_no_step(tmp_path: Path) -> None:
    rows = {f"s{n}": [float((r * 7 + n * 3) % 13) for r in range(20)] for n in range(5)}
    label = ["a" if r % 2 else "b" for r in range(20)]
    read = prepare(csv_of(tmp_path, pl.DataFrame({"id": range(1, 21), **rows, "c": label})), DataOptions(target="c"))
    assert told(read, "names_rows")["column"] == "id"
    assert (told(read, "wide_taken")["first"], read.card["lengths"]["max"]) == ("s0", 5)


def labelled(labels: list[str | int]) -> pl.DataFrame:
    """Rows that are sequences of four steps."""
    steps = {f"s{k}": [(n * 7 + k * 3) % 11 / 10 for n in range(len(labels))] for k in range(4)}
    return pl.DataFrame({**steps, "label": labels})


def test_a_class_called_none(tmp_path: Path) -> None:
    path = csv_of(tmp_path, labelled(["None", "some", "all"] * 6))
    refused(path, DataOptions("label"), BadData, "no value in row 2", "--not-missing None if that is a class")
    read = prepare(path, DataOptions("label", not_missing=("None",)))
    assert [entry["name"] for entry in read.card["classes"] or ()] == ["None", "all", "some"]
    refused(path, DataOptions("label", not_missing=("Nobody",)), BadPlan, "is a value anyhow", "N/A", "got: Nobody")


def test_an_empty_target_is_no_class(tmp_path: Path) -> None:
    line = refused(
        csv_of(tmp_path, labelled(["", "some", "all"] * 6)), DataOptions("label"), BadData, "no value in row 2"
    )
    assert "--not-missing" not in line


@pytest.mark.parametrize(("labels", "kind", "said"), [
    ([n % 25 for n in range(100)], "regression", True),
    ([n % 20 for n in range(100)], "classification", False),
    (list(range(100)), "regression", False),
])  # fmt: skip
def test_many_whole_numbers_may_be_classes(tmp_path: Path, labels: list[int], kind: str, said: bool) -> None:
    path = csv_of(tmp_path, labelled(labels))
    read = prepare(path, DataOptions("label"))
    assert read.kind == kind
    notes = [note for note in read.card["notes"] if note["key"] == "whole_numbers"]
    assert notes == ([{"key": "whole_numbers", "column": "label", "count": 25, "most": 20}] if said else [])
    for lang in ("en", "zh"):
        assert any("--kind classification" in line for line in card_lines(read.card, lang)) == said
    if said:
        chosen = prepare(path, DataOptions("label", kind="regression"))
        assert "whole_numbers" not in [note["key"] for note in chosen.card["notes"]]


def test_a_test_part_alone(tmp_path: Path) -> None:
    lines = "@problemName a\n@timeStamps false\n@classLabel true a b\n@data\n" + "1,2:a\n2,5:b\n" * 4
    note = told(prepare(write(tmp_path, "A_TEST.ts", lines), DataOptions()), "test_alone")
    assert note["file"] == "A_TRAIN.ts"
    whole = prepare(write(tmp_path, "A.ts", lines), DataOptions())
    assert "test_alone" not in [note["key"] for note in whole.card["notes"]]
    kept = prepare(write(tmp_path, "A_TRAIN.ts", lines), DataOptions())  # the cure
    assert kept.card["split"]["how"] == "sibling"
