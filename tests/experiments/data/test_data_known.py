"""Inputs that are known in advance: what the networks see of them, and what a new file must say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan, UnknownName
from carousel.experiments.data import DataOptions, Prepared, prepare
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.data.prepare.new_rows import read_new_rows
from tests.experiments.data.data_files import csv_of, refused, told

AHEAD = 3
KNOWN = DataOptions(forecast=("y",), horizon=AHEAD, window=8, known=("promo", "day"), order="t")


def frame(series: int = 1, steps: int = 200) -> pl.DataFrame:
    """y follows what was announced for its own step, and nothing else."""
    rng = np.random.default_rng(3)
    promo = rng.integers(0, 9, series * steps)
    return pl.DataFrame(
        {
            "id": np.repeat([f"s{n}" for n in range(series)], steps),
            "t": np.tile(np.arange(steps), series),
            "promo": promo,
            "day": [("work", "rest")[n % 7 > 4] for n in range(series * steps)],
            "y": 2.0 * promo + 0.1 * rng.normal(size=series * steps),
        }
    )


def column(read: Prepared, name: str) -> np.ndarray:
    place = read.card["channels"]["names"].index(name)
    return read.x[:, place] * read.std[place] + read.mean[place]


def test_a_window_ends_with_what_is_known_of_its_targets(tmp_path: Path) -> None:
    table = frame(2)
    read = prepare(csv_of(tmp_path, table), DataOptions(**{**vars(KNOWN), "group": "id"}))
    names = read.card["channels"]["names"]
    assert names[-3:] == ["promo (+3)", "day=rest (+3)", "day=work (+3)"]
    assert read.card["missing"] == {} and told(read, "known")["horizon"] == AHEAD
    assert all("{" not in line for lang in ("en", "zh") for line in card_lines(read.card, lang))
    promo, ahead = column(read, "promo"), column(read, "promo (+3)")
    for start, length in zip(read.starts, read.lengths, strict=True):
        end = int(start + length)
        assert ahead[end - AHEAD : end] == pytest.approx(promo[end : end + AHEAD], abs=1e-4)


def test_what_is_announced_can_be_forecast(tmp_path: Path) -> None:
    path = csv_of(tmp_path, frame())
    scores = []
    for options in (KNOWN, DataOptions(forecast=("y",), horizon=AHEAD, window=8, order="t")):
        read = prepare(path, options)
        scores.append(rival_score(read))
    assert scores[0] > 0.95 and scores[1] < 0.6


def rival_score(read: Prepared) -> float:
    """R² of ridge on all steps of the window, over the test part."""
    windows = np.stack([read.x[s : s + n].ravel() for s, n in zip(read.starts, read.lengths, strict=True)])
    windows = np.c_[windows, np.ones(len(windows))].astype(np.float64)
    train, test = read.part == 0, read.part == 2
    gram = windows[train].T @ windows[train] + np.eye(windows.shape[1])
    answers = windows[test] @ np.linalg.solve(gram, windows[train].T @ read.y[train])
    truth = read.y[test]
    return float(1 - ((answers - truth) ** 2).sum() / ((truth - truth.mean(axis=0)) ** 2).sum())


def test_a_new_file_says_what_is_known(tmp_path: Path) -> None:
    table = frame()
    read = prepare(csv_of(tmp_path, table), KNOWN)
    new = table.tail(20).with_columns(y=pl.when(pl.int_range(20) < 20 - AHEAD).then("y"))
    rows = read_new_rows(csv_of(tmp_path, new, "new.csv"), KNOWN, read)
    names = [*read.card["channels"]["names"]]
    assert rows.lengths.tolist() == [8] and rows.times is not None
    assert rows.raw[-1, names.index("y")] == new["y"][20 - AHEAD - 1]
    assert rows.raw[-AHEAD:, names.index("promo (+3)")].tolist() == new["promo"][20 - AHEAD :].to_list()


def test_a_new_file_that_does_not(tmp_path: Path) -> None:
    table = frame()
    read = prepare(csv_of(tmp_path, table), KNOWN)

    def line(new: pl.DataFrame) -> str:
        with pytest.raises(BadData) as caught:
            read_new_rows(csv_of(tmp_path, new, "new.csv"), KNOWN, read)
        return str(caught.value)

    assert "has 0 rows after the last value of 'y'; allowed: 3, for which 'promo'" in line(table.tail(20))
    future = table.tail(20).with_columns(y=pl.when(pl.int_range(20) < 17).then("y"))
    gap = future.with_columns(promo=pl.when(pl.int_range(20) != 18).then("promo"))
    assert "column 'promo' has no value in row 20, and is known in advance" in line(gap)
    read = prepare(csv_of(tmp_path, table.with_columns(day=pl.when(pl.col("t") != 5).then("day"))), KNOWN)
    gap = future.with_columns(day=pl.when(pl.int_range(20) != 18).then("day"))
    assert "column 'day' has no value in row 20, and is known in advance" in line(gap)


def test_steps_to_come_are_no_gaps_to_fill(tmp_path: Path) -> None:
    table = frame().with_columns(y=pl.when(pl.col("t") < 200 - AHEAD).then("y"))
    options = DataOptions(**{**vars(KNOWN), "fill": "last"})
    read = prepare(csv_of(tmp_path, table), options)
    assert np.isclose(column(read, "y (missing)")[-AHEAD:], 1).all()
    rows = read_new_rows(csv_of(tmp_path, table.tail(20), "new.csv"), options, read)
    assert (
        rows.raw[-AHEAD:, read.card["channels"]["names"].index("promo (+3)")].tolist()
        == table["promo"].to_list()[-AHEAD:]
    )


def test_a_window_holds_all_that_is_known(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match=r"--window is shorter than --horizon.*--window 9"):
        DataOptions(**{**vars(KNOWN), "horizon": 9})
    options = DataOptions(**{**vars(KNOWN), "horizon": 12, "window": None})
    read = prepare(csv_of(tmp_path, frame(steps=100)), options)
    assert read.card["forecast"] is not None and read.card["forecast"]["window"] >= 12


def test_a_name_that_cannot_be_printed(tmp_path: Path) -> None:
    path = csv_of(tmp_path, frame().rename({"promo": "pro\u200bmo"}))
    read = prepare(path, DataOptions(**{**vars(KNOWN), "known": ("pro\u200bmo",)}))
    assert read.card["channels"]["names"][-1].endswith(" (+3)")


def test_what_cannot_be_known(tmp_path: Path) -> None:
    path = csv_of(tmp_path, frame())
    with pytest.raises(BadPlan, match="--known goes with --forecast and --horizon"):
        DataOptions(forecast=("y",), known=("promo",))
    with pytest.raises(BadPlan, match="--known goes with --forecast and --horizon"):
        DataOptions(target="y", known=("promo",))
    refused(path, DataOptions(**{**vars(KNOWN), "known": ("price",)}), UnknownName, "unknown known column 'price'")
    for options in ({"known": ("y",)}, {"ignore": ("promo",)}, {"known": ("t",)}):
        refused(path, DataOptions(**{**vars(KNOWN), **options}), BadPlan, "given twice, in --known")
