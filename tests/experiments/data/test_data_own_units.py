"""Series of different levels: each in a unit of its own, so that a score does not tell the levels apart alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadPlan, FolderConflict
from carousel.experiments.data import DataOptions, DataTask, Prepared, prepare
from carousel.experiments.data.prepare.sample_text import sample_lines
from carousel.experiments.takeaway.export.export import export
from carousel.experiments.takeaway.predict import predict
from tests.experiments.data.data_files import told, write
from tests.support.taken_folder import folder_of

OPTIONS = DataOptions(forecast=("y",), group="shop", order="t", window=6, horizon=2)
STEPS = 60
LEVELS = {"a": 10.0, "b": 1_000.0, "c": 100_000.0}


def shops(levels: dict[str, float] = LEVELS, steps: int = STEPS) -> pl.DataFrame:
    """shop, t, y, warm: waves of a tenth of each level about it."""
    made = [
        {"shop": shop, "t": t, "y": level * (1 + np.sin(t / 3 + k) / 10), "warm": np.cos(t / 5 + k)}
        for k, (shop, level) in enumerate(levels.items())
        for t in range(steps)
    ]
    return pl.DataFrame(made)


def read(folder: Path, frame: pl.DataFrame, options: DataOptions = OPTIONS) -> Prepared:
    return prepare(write(folder, "shops.csv", frame.write_csv()), options)


def test_a_unit_of_a_series_says_nothing(tmp_path: Path) -> None:
    first, other = read(tmp_path, shops()), read(tmp_path, shops({"a": 10.0, "b": 7.0, "c": 100_000.0}))
    assert told(first, "own_units")["columns"] == ["y"]  # the other channel is alike in all
    np.testing.assert_allclose(other.x, first.x, atol=1e-5)
    np.testing.assert_allclose(other.y, first.y, atol=1e-4)
    assert other.card["baseline"]["score"] == pytest.approx(first.card["baseline"]["score"], abs=1e-5)
    assert first.card["baseline"]["score"] < 0.95  # of the levels alone R² is .999
    assert np.abs(first.y).max() < 10 and first.own is not None
    np.testing.assert_allclose(first.own[:, 0, 0], [10, 1_000, 100_000], rtol=0.05)


def test_what_is_shown_is_in_the_units_of_the_file(tmp_path: Path) -> None:
    small = shops({"a": 1e-6, "b": 1.0})
    (_, line, *_) = sample_lines(read(tmp_path, small), "en")
    values = [f"{v:.4g}" for v in small["y"][:8]]
    assert f"y {', '.join(values[:6])}" in line and f"predict: {', '.join(values[6:8])}" in line


def test_series_alike_have_one_unit(tmp_path: Path) -> None:
    alike = read(tmp_path, shops({"a": 10.0, "b": 60.0}))
    assert alike.own is None and not any(note["key"] == "own_units" for note in alike.card["notes"])


def test_a_series_that_begins_after_the_training_part(tmp_path: Path) -> None:
    frame = shops().filter((pl.col("shop") != "c") | (pl.col("t") >= 40))
    found = read(tmp_path, frame)
    assert found.own is not None
    early = frame.filter(pl.col("shop") == "c")["y"][:6]
    assert found.own[2, :, 0] == pytest.approx([early.mean(), early.std(ddof=0)])


def test_the_file_that_is_stored(tmp_path: Path) -> None:
    made = read(tmp_path, shops())
    made.save(tmp_path / "data.npz")
    again = Prepared.load(tmp_path / "data.npz")
    assert again.own is not None and made.own is not None and (again.own == made.own).all()
    assert DataTask(again).rmse(DataTask(again).held_out("test").y, DataTask(again).held_out("test")) is None
    replace(made, own=made.own[:1]).save(tmp_path / "data.npz")
    with pytest.raises(FolderConflict, match="damaged"):
        Prepared.load(tmp_path / "data.npz")


def test_a_new_file_is_answered_in_its_own_unit(tmp_path: Path) -> None:
    file = write(tmp_path, "shops.csv", shops().write_csv())
    best = folder_of(file, OPTIONS, parameters=200)
    answer = predict(best, file).table
    larger = write(tmp_path, "new.csv", shops({**LEVELS, "b": 500_000.0}).write_csv())
    grown = predict(best, larger).table
    ratio = (grown.select("y", "y low", "y high") / answer.select("y", "y low", "y high")).to_numpy()
    np.testing.assert_allclose(ratio, np.repeat([[1.0], [500.0], [1.0]], 2, axis=0) * [1, 1, 1], rtol=1e-4)
    last = shops().group_by("shop", maintain_order=True).last()["y"].to_numpy()
    assert (np.abs(answer["y"].to_numpy().reshape(3, 2) / last[:, None] - 1) < 0.3).all()
    with pytest.raises(BadPlan, match="units of their own is neither served nor exported"):
        export(best, "onnx", tmp_path / "out")
