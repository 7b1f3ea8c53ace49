"""What is no error and yet may be wrong is told: values that mean "missing", wild cells, gaps in what is forecast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, card_lines, prepare
from tests.experiments.data.data_files import csv_of, refused, told

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
    assert told(read, "counter")["column"] == "id"
    assert (told(read, "wide")["first"], read.card["lengths"]["max"]) == ("s0", 5)
