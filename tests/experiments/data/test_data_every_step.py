"""A target at every step: each step is an example, seen with the steps up to it and none after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, Prepared, prepare
from carousel.experiments.data.prepare import labels
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.data.prepare.resplit import prepare_splits
from tests.experiments.data.data_files import csv_of, refused, told, write

SERIES = DataOptions(target="state", order="t")
GROUPED = DataOptions(target="state", group="id", order="t", every_step=True)


def grouped_frame(groups: int = 10, steps: int = 30) -> pl.DataFrame:
    """id, t, a (both of them), state (low, then high from a step of each group's own), owner (of two groups each)."""
    rows = [(g, t) for g in range(groups) for t in range(steps - g % 3)]
    return pl.DataFrame(
        {
            "id": [g for g, _ in rows],
            "t": [t for _, t in rows],
            "a": [100.0 * g + t for g, t in rows],
            "state": ["high" if t > 10 + g % 5 else "low" for g, t in rows],
            "owner": [f"o{g // 2}" for g, _ in rows],
        }
    )


def seen(prepared: Prepared, place: int) -> np.ndarray:
    """The first channel of one example, in the file's unit."""
    start, length = prepared.starts[place], prepared.lengths[place]
    values = prepared.x[start : start + length, 0].astype(np.float64) * prepared.std[0] + prepared.mean[0]
    return np.round(values, 2)


def test_each_step_is_seen_with_those_up_to_it_and_none_after(tmp_path: Path) -> None:
    path = csv_of(tmp_path, grouped_frame())
    prepared = prepare(path, replace(GROUPED, window=5))
    frame = grouped_frame()
    later = frame.filter(pl.col("t") > 0)
    names = [entry["name"] for entry in prepared.card["classes"]]
    assert len(prepared.starts) == later.height and prepared.kind == "classification"
    for place, (number, t, state) in enumerate(later.select("id", "t", "state").iter_rows()):
        assert names[prepared.y[place]] == state
        np.testing.assert_allclose(seen(prepared, place), 100 * number + np.arange(max(0, t - 4), t + 1), atol=0.02)
    assert prepared.card["labels"] == {"window": 5, "window_given": True}
    assert prepared.card["sequences"] == 10 and prepare(path, GROUPED).card["labels"]["window"] == 30


@pytest.mark.parametrize("column", ["id", "owner"])
def test_sequences_and_blocks_stay_whole_and_splits_differ(tmp_path: Path, column: str) -> None:
    options = GROUPED if column == "id" else replace(GROUPED, block="owner")
    splits = prepare_splits(csv_of(tmp_path, grouped_frame()), options, range(3))
    of_step = grouped_frame().filter(pl.col("t") > 0)[column].to_list()
    drawn = []
    for prepared in (splits.tuning, *splits.by_seed.values()):
        parts = {(key, part) for key, part in zip(of_step, prepared.part.tolist(), strict=True)}
        assert len(parts) == len(set(of_step)) and {part for _, part in parts} == {0, 1, 2}
        assert all(entry[part] for entry in prepared.card["classes"] for part in ("training", "validation", "test"))
        drawn.append(frozenset(parts))
    assert splits.tuning.card["split"]["how"] == {"id": "labels_sequences", "owner": "labels_blocks"}[column]
    assert len(set(drawn)) > 1
    assert splits.whole is not None and splits.whole().card["labels"]["window"] == 30


def test_a_single_series_is_taken_so_and_split_by_time(tmp_path: Path) -> None:
    ticks = range(240)
    frame = pl.DataFrame(
        {"t": ticks, "a": [float(t) for t in ticks], "state": ["on" if t % 40 < 15 else "off" for t in ticks]}
    )
    splits = prepare_splits(csv_of(tmp_path, frame.with_columns(b=pl.col("a") % 7)), SERIES, range(4))
    assert told(splits.tuning, "every_step_taken")["column"] == "state"
    assert splits.tuning.card["split"]["varied"] == "shifted"
    first_tests = []
    for prepared in (splits.tuning, *splits.by_seed.values()):
        ends = prepared.starts + prepared.lengths - 1
        latest = [ends[prepared.part == part].max() for part in range(3)]
        earliest = [ends[prepared.part == part].min() for part in range(3)]
        assert latest[0] < earliest[1] <= latest[1] < earliest[2]
        assert prepared.starts.min() == earliest[0] - 1  # nothing before the stretch is looked at
        first_tests.append(earliest[2])
    tuning, *reporting = first_tests
    assert len(set(reporting)) == len(reporting) and min(reporting) == tuning


def test_steps_without_a_target_are_seen_and_not_asked_about(tmp_path: Path) -> None:
    frame = grouped_frame().with_columns(state=pl.when(pl.col("t") != 7).then("state"))
    prepared = prepare(csv_of(tmp_path, frame), GROUPED)
    note = told(prepared, "label_gaps")
    assert (note["count"], note["of"]) == (10, len(prepared.starts) + 10)
    assert 107.0 in seen(prepared, 29 - 1 - 1 + 8)


def test_of_very_many_steps_some_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST", 100)
    prepared = prepare(csv_of(tmp_path, grouped_frame()), GROUPED)
    note = told(prepared, "every_kth")
    assert len(prepared.starts) == -(-int(str(note["count"])) // int(str(note["k"]))) <= 100
    assert prepared.lengths.max() > 20


def test_a_number_at_every_step_is_a_regression(tmp_path: Path) -> None:
    frame = grouped_frame().with_columns(left=30.5 - pl.col("t"))
    prepared = prepare(csv_of(tmp_path, frame), DataOptions(target="left", group="id", order="t", every_step=True))
    assert prepared.kind == "regression" and prepared.card["baseline"]["name"] == "mean"
    values = prepared.y[:, 0] * prepared.y_std[0] + prepared.y_mean[0]
    np.testing.assert_allclose(values, frame.filter(pl.col("t") > 0)["left"], rtol=1e-5)


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    path = csv_of(tmp_path, grouped_frame())
    refused(path, replace(GROUPED, every_step=None), BadData, "two values of the target 'state'", "--every-step")
    with pytest.raises(BadPlan, match=r"--every-step goes with --target"):
        DataOptions(forecast=("a",), every_step=True)
    with pytest.raises(BadPlan, match=r"--wide and --every-step exclude"):
        DataOptions(target="a", wide=True, every_step=True)
    with pytest.raises(BadPlan, match=r"--window goes with --forecast"):
        DataOptions(target="a", window=3)
    late = "t,a,state\n" + "".join(f"{t},{t}.5,{'x' if t < 90 else 'y'}\n" for t in range(100))
    refused(write(tmp_path, "late.csv", late), SERIES, BadData, "training part has no step of class 'y'", "--group")
    alone = "id,t,a,state\n" + "".join(f"{n},0,{n}.5,{'xy'[n % 2]}\n" for n in range(30))
    refused(write(tmp_path, "alone.csv", alone), GROUPED, BadData, "no step has a target and a step before it")
    ts = write(tmp_path, "a.ts", "@classLabel true a b\n@data\n1,2:a\n")
    refused(ts, DataOptions(every_step=True, target="class"), BadPlan, "--every-step has no meaning for a .ts file")


def test_new_rows_are_asked_about_as_training_rows_were(tmp_path: Path) -> None:
    options = replace(GROUPED, window=6)
    path = csv_of(tmp_path, grouped_frame())
    trained = prepare(path, options)
    rows = read_new_rows(path, options, trained)
    np.testing.assert_array_equal(rows.lengths, trained.lengths)
    places = np.concatenate([np.arange(s, s + n) for s, n in zip(trained.starts, trained.lengths, strict=True)])
    np.testing.assert_allclose(rows.x, trained.x[places], atol=1e-6)
    assert rows.keys["id"][:3] == ["0", "0", "0"] and rows.keys["step"][:3] == [2, 3, 4]
    series = pl.DataFrame({"t": range(80), "a": [t % 9 for t in range(80)], "state": [t // 8 % 2 for t in range(80)]})
    path = csv_of(tmp_path, series, "series.csv")
    rows = read_new_rows(path, SERIES, prepare(path, SERIES))
    assert len(rows.lengths) == 79 and rows.named == "series"
