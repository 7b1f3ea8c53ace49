"""What a dry run shows of a file: sequences in the file's own units, the split drawn, memory that was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.experiments.data import DataOptions, drawn_lines, prepare, prepare_splits, sample_lines
from tests.experiments.data.data_files import LONG, csv_of, long_frame, series_frame
from tests.support.runs import environment

FORECAST = DataOptions(forecast=("y",), order="t", window=6, horizon=2)


def test_sequences_are_shown_as_they_are_in_the_file(tmp_path: Path) -> None:
    frame = long_frame(60).with_columns(a=pl.when((pl.col("id") == 1) & (pl.col("t") == 2)).then(None).otherwise("a"))
    head, first, second, third = sample_lines(prepare(csv_of(tmp_path, frame), LONG), "en")
    assert "file's units" in head and "to predict: c0" in first and "to predict: c1" in second
    assert "b 5, 5, 5, 5" in first and "b 5, 7, 9, 11, 13, 15" in third and "6 steps" in third
    a = long_frame(60).filter(pl.col("id") == 1)["a"].to_list()
    assert f"a {a[0]:.4g}, {a[1]:.4g}, (none), {a[3]:.4g}" in second and "missing" not in second


def test_a_window_is_shown_with_the_values_to_forecast(tmp_path: Path) -> None:
    frame = series_frame(200)
    _, first, *_ = sample_lines(prepare(csv_of(tmp_path, frame), FORECAST), "en")
    y = frame["y"].to_list()
    assert f"to predict: {y[6]:.4g}, {y[7]:.4g})" in first
    assert ", ".join(f"{value:.4g}" if value else "0" for value in y[:6]) in first


def test_a_number_to_predict_is_in_its_unit(tmp_path: Path) -> None:
    frame = long_frame(60).with_columns(label=pl.col("id") * 1.5 + 100)
    _, first, second, _ = sample_lines(prepare(csv_of(tmp_path, frame), LONG), "zh")
    assert "要预测：100）" in first and "要预测：101.5）" in second


def test_the_split_is_drawn_as_it_is(tmp_path: Path) -> None:
    splits = prepare_splits(csv_of(tmp_path, long_frame(60)), LONG, (100, 101, 102, 103))
    _, tuning, *seeds = drawn_lines(splits, "en")
    assert tuning.split() == ["".join(".o#"[part] for part in splits.tuning.part), "tuning"]
    assert [line.split()[0] for line in seeds] == [
        "".join(".o#"[p] for p in splits.by_seed[s].part) for s in (100, 101, 102)
    ]


def test_a_split_by_time_is_drawn_along_the_time(tmp_path: Path) -> None:
    splits = prepare_splits(csv_of(tmp_path, series_frame(300)), FORECAST, (100, 101))
    _, tuning, first, second = drawn_lines(splits, "zh")
    for line in (tuning, first, second):
        bar = line.split()[0]
        assert list(bar) == sorted(bar, key=".o#".index) and set(bar) == set(".o#")
    assert tuning.index(".") < second.index(".") and tuning.index("#") < first.index("#") < second.index("#")


#: How much the peak of a fresh process grows by estimating a large file, after a small one. Arguments:
#: the two paths. The peak of a process is that of its whole life, so that tests before would hide it.
GROWTH = """
import sys
from carousel.experiments.data import DataOptions
from carousel.experiments.preflight import preflight
from carousel.experiments.runner.estimate import estimate, peak_memory
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.runner.task_loader import Sources

for path in sys.argv[1:]:
    options = DataOptions(target="label", group="id", order="t")
    asked = preflight(ComparisonRequest((path,), contenders="rnn", data=options))
    before = peak_memory()
    after = estimate(asked.plan, Sources.of(asked.planned.prepared), 1).peak_bytes
print(after - before, asked.plan.contenders["large"][0].hidden)
"""


@pytest.mark.slow
def test_the_memory_does_not_grow_with_the_part_that_is_scored(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    paths = []
    for name, rows in (("small.csv", 6_000), ("large.csv", 1_200_000)):
        wide = pl.DataFrame({"id": np.arange(rows) // 100, "t": np.arange(rows) % 100, "a": rng.normal(size=rows)})
        labelled = wide.with_columns(label=pl.lit("c") + (pl.col("id") % 2).cast(pl.String))
        paths.append(str(csv_of(tmp_path, labelled, name)))
    command = [sys.executable, "-c", GROWTH, *paths]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    growth, hidden = map(int, done.stdout.split())
    assert growth < 7_200 * 100 * hidden * 4 / 2  # half of the states of all 7,200 training sequences
