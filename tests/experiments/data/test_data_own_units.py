"""Series of different levels: each in a unit of its own, so that a score does not tell the levels apart alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from carousel.common.errors import BadPlan, FolderConflict
from carousel.experiments.data import DataOptions, DataTask, Prepared, prepare
from carousel.experiments.data.prepare.sample_text import sample_lines
from carousel.experiments.takeaway.export.export import export
from carousel.experiments.takeaway.predict import predict
from tests.experiments.data.data_files import told, write
from tests.support.exported import torch_is_off
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
    named = {"a": 10.0, "b2": 500_000.0, "c": 100_000.0}
    other = predict(best, write(tmp_path, "new.csv", shops(named).write_csv())).table
    ratio = (other.select("y", "y low", "y high") / answer.select("y", "y low", "y high")).to_numpy()
    np.testing.assert_allclose(ratio, np.repeat([[1.0], [500.0], [1.0]], 2, axis=0) * [1, 1, 1], rtol=1e-4)
    last = shops().group_by("shop", maintain_order=True).last()["y"].to_numpy()
    assert (np.abs(answer["y"].to_numpy().reshape(3, 2) / last[:, None] - 1) < 0.3).all()


def test_a_series_that_was_trained_on_keeps_its_unit_however_few_its_rows(tmp_path: Path) -> None:
    best = folder_of(write(tmp_path, "shops.csv", shops().write_csv()), OPTIONS, parameters=200)
    answer = predict(best, tmp_path / "shops.csv").table
    last = shops().filter(pl.col("t") >= STEPS - 6)
    assert_frame_equal(predict(best, write(tmp_path, "last.csv", last.write_csv())).table, answer)
    renamed = last.with_columns(shop=pl.col("shop") + "2")  # an unknown one has the unit of these six rows
    other = predict(best, write(tmp_path, "other.csv", renamed.write_csv())).table
    assert (other["y"] - answer["y"]).abs().min() > 1e-3


@pytest.mark.parametrize("members", [1, 2])
def test_it_is_exported_with_level_and_unit_as_inputs(members: int, tmp_path: Path) -> None:
    best = folder_of(write(tmp_path, "shops.csv", shops().write_csv()), OPTIONS, parameters=200, members=members)
    for to in ("onnx", "torch"):
        parity = export(best, to, tmp_path / to, check=to == "onnx").parity
        off = parity[0].largest if parity else torch_is_off(best, tmp_path / to)
        assert off < 1e-5
        about = json.loads((tmp_path / to / "series.json").read_text())
        assert list(about["series"]) == ["shop=a", "shop=b", "shop=c"] and about["columns"] == ["y", "warm"]
        assert about["series"]["shop=b"]["level"][0] == pytest.approx(shops().filter(shop="b")["y"].mean())
    for to in ("c", "verilog"):
        with pytest.raises(BadPlan, match=f"to onnx and torch alone; got: {to}; fix: take --to onnx, or .*--one-unit"):
            export(best, to, tmp_path / "out")


def test_one_unit_for_all_when_that_is_asked_for(tmp_path: Path) -> None:
    shared = read(tmp_path, shops(), replace(OPTIONS, one_unit=True))
    assert shared.own is None and not any(note["key"] == "own_units" for note in shared.card["notes"])
    assert shared.card["baseline"]["score"] > 0.99  # the levels alone
    with pytest.raises(BadPlan, match="--one-unit goes with --forecast; got: no --forecast; fix: leave --one-unit out"):
        DataOptions(target="y", group="shop", one_unit=True)
