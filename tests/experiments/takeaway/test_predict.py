"""Answers for a new file: those of the network itself, in the file's units; whatever does not fit is one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from carousel import load_best
from carousel.cli.app import app
from carousel.common.error_words import line_in
from carousel.common.errors import BadPlan, UserError
from carousel.experiments.takeaway.predict import predict
from carousel.experiments.takeaway.write import write_predictions
from tests.support.taken import table
from tests.support.taken_folder import taken_folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """best/ of each kind, its table beside it."""
    return {kind: taken_folder(tmp_path_factory.mktemp(kind), kind) for kind in ("classes", "values", "series")}


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_rows_in_any_order_without_their_target_get_the_networks_answers(
    folders: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    network, task = load_best(folders[kind])
    batch = task.held_out("test")
    with torch.no_grad():
        output = network(batch.x, batch.lengths).double().numpy()
    frame = pl.read_csv(folders[kind].parent / "table.csv").sample(fraction=1, shuffle=True, seed=1)
    frame.drop("label", "sum", strict=False).with_columns(extra=pl.lit("never seen")).write_csv(tmp_path / "new.csv")
    found = predict(folders[kind], tmp_path / "new.csv")
    assert found.table["id"].to_list() == [str(k) for k in range(60)]
    assert found.band is not None and found.band.level == 0.9
    if kind == "classes":
        shares = torch.tensor(output).softmax(dim=1).numpy()
        np.testing.assert_allclose(found.table.select("p(down)", "p(up)").to_numpy(), shares, atol=1e-6)
        assert found.table["predicted"].to_list() == [("down", "up")[k] for k in shares.argmax(axis=1)]
        truth = pl.read_csv(folders[kind].parent / "table.csv").unique("id").sort("id")["label"]
        held = [word in likely.split() for word, likely in zip(truth, found.table["likely"], strict=True)]
        assert np.mean(held) >= 0.9  # its own errors made the band
    else:
        expected = output[:, 0] * task.prepared.y_std[0] + task.prepared.y_mean[0]
        np.testing.assert_allclose(found.table["predicted"], expected, rtol=1e-5)
        np.testing.assert_allclose(found.table["high"] - found.table["low"], 2 * found.band.half[0])


def test_a_forecast_goes_on_from_the_last_window_of_each_series(folders: dict[str, Path], tmp_path: Path) -> None:
    network, task = load_best(folders["series"])
    frame = table("series", 4, 90)
    frame.filter(pl.col("t") < 88).write_csv(tmp_path / "new.csv")
    found = predict(folders["series"], tmp_path / "new.csv", level=0.8)
    with torch.no_grad():  # the last window that the training file has targets for ends at t = 87, of each series
        batch = task.held_out("test")
        change = network(batch.x, batch.lengths).double().numpy().reshape(4, -1, 2)[:, -1]
    last = frame.filter(pl.col("t") == 87)["a"].to_numpy()
    expected = last[:, None] + change * task.prepared.y_std
    np.testing.assert_allclose(found.table["a"].to_numpy().reshape(4, 2), expected, rtol=1e-5)
    assert found.table["when"].to_list() == ["88", "89"] * 4 and found.table["ahead"].to_list() == [1, 2] * 4
    assert found.band is not None and found.band.average is not None
    # By hand: the mean change within the window, by how far the window lies from what was trained on.
    window = frame.filter(pl.col("t").is_between(82, 87))["a"].to_numpy().reshape(4, 6)
    prepared = task.prepared
    (place,) = prepared.y_channels
    change = np.abs(np.diff(window)).sum(axis=1) / 6 + 0.1 * prepared.y_std
    away = np.abs(window.mean(axis=1) - prepared.mean[place]) / prepared.std[place]
    expected = np.outer(change * np.sqrt(1 + away), np.array(found.band.half) / found.band.average)
    np.testing.assert_allclose((found.table["a high"] - found.table["a"]).to_numpy().reshape(4, 2), expected, rtol=1e-5)
    np.testing.assert_allclose((found.table["a"] - found.table["a low"]).to_numpy().reshape(4, 2), expected, rtol=1e-5)


def test_a_folder_of_before_has_intervals_that_reach_as_far_about_every_window(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    best = shutil.copytree(folders["series"], tmp_path / "best")
    about = json.loads((best / "contender.json").read_text())
    for band in about["refit"]["errors"]:
        del band["average"]
    (best / "contender.json").write_text(json.dumps({**about, "schema": 1}))
    found = predict(best, folders["series"].parent / "table.csv")
    assert found.band is not None
    half = (found.table["a high"] - found.table["a"]).to_numpy().reshape(4, 2)
    np.testing.assert_allclose(half, np.tile(found.band.half, (4, 1)))


@pytest.mark.parametrize(("kind", "ending"), [("classes", ".csv"), ("values", ".parquet"), ("series", ".jsonl")])
def test_the_table_and_a_picture_are_written(folders: dict[str, Path], kind: str, ending: str, tmp_path: Path) -> None:
    found = predict(folders[kind], folders[kind].parent / "table.csv")
    picture = write_predictions(found, tmp_path / f"predictions{ending}")
    read = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}[ending]
    assert read(tmp_path / f"predictions{ending}").height == found.table.height
    drawn = picture.read_text()
    assert drawn.startswith("<svg") and {"classes": "down", "values": "sum", "series": "0: a"}[kind] in drawn


def changed(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path], None]:
    """A file of rows that are not as in training."""

    def write(path: Path) -> None:
        change(pl.read_csv(path)).write_csv(path)

    return write


def stretched(frame: pl.DataFrame) -> pl.DataFrame:
    """Sequences of 9 steps, where training had 8."""
    more = frame.filter(pl.col("t") == 7).with_columns(t=pl.lit(8, dtype=pl.Int64))
    return pl.concat([frame, more])


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no column b": (changed(lambda f: f.drop("b")), r"unknown input column 'b'; allowed: a, id, sum, t, w; "
                    r"fix: name it as in training, or compare again without it"),
    "in capitals": (changed(lambda f: f.rename({"a": "A"})), r"unknown input column 'a'; .*did you mean 'A'"),
    "renamed": (changed(lambda f: f.rename({"a": "aa"})), r"unknown input column 'a'; .*did you mean 'aa'"),
    "no group": (changed(lambda f: f.drop("id")), r"unknown group column 'id'"),
    "text": (changed(lambda f: f.with_columns(a=pl.lit("much"))), r"column 'a' holds text in row 2"),
    "unseen word": (changed(lambda f: f.with_columns(w=pl.lit("blue"))), r"'w' holds in row 2 what it never held in "
                    r"training; allowed: green, red; got: blue"),
    "infinite": (changed(lambda f: f.with_columns(a=pl.lit("inf"))), r"column 'a' holds an infinite value in row 2"),
    "a gap where none was": (changed(lambda f: f.with_columns(a=pl.when(pl.col("t") == 3).then(None).otherwise("a"))),
                             r"column 'a' has no value in row 5, and never missed one in training; got: 60 rows"),
    "spacing": (changed(lambda f: f.with_columns(t=2 * pl.col("t"))), r"steps of 't' are not spaced as in training; "
                r"allowed: 1 \(number\); got: 2"),
    "dates": (changed(lambda f: f.with_columns(t=pl.format("2020-01-0{}", pl.col("t") + 1))), r"got: 1 \(days\)"),
    "longer": (changed(stretched), r"sequence '0' is longer or shorter than any in training; allowed: at most 8 steps"),
    "one step": (changed(lambda f: f.filter(pl.col("t") < 1)), r"allowed: 2 steps or more"),
    "huge": (changed(lambda f: f.with_columns(a=pl.lit(1e300))), r"beyond all measure"),
    "a mark": (changed(lambda f: f.with_columns(b=pl.when(pl.col("t") == 3).then(1e20).otherwise("b"))),
               r"column 'b' holds a value beyond all measure of its training part; got: .*e\+20 standard deviations"),
    "empty": (lambda path: path.write_text("id,t,a,b,w\n"), r"holds no rows"),  # type: ignore[dict-item]
    "absent": (lambda path: path.unlink(), r"there is no file"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_does_not_fit_is_refused_in_one_line(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    shutil.copy(folders["values"].parent / "table.csv", path)
    spoil, says = BAD[name]
    spoil(path)
    with pytest.raises(UserError, match=says) as refused:
        predict(folders["values"], path)
    assert "\n" not in str(refused.value) and line_in(refused.value, "zh") != str(refused.value)


def test_a_series_that_cannot_be_forecast_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    frame = table("series", 4, 90)
    frame.filter(pl.col("t") < 5).write_csv(tmp_path / "short.csv")
    with pytest.raises(UserError, match="series '0' is too short to forecast from; allowed: 6 steps or more"):
        predict(folders["series"], tmp_path / "short.csv")
    with pytest.raises(UserError, match=r"no interval of this level was measured; allowed: 0\.5, 0\.8, 0\.9, 0\.95"):
        predict(folders["series"], folders["series"].parent / "table.csv", level=0.77)


def spoilt(about: dict[str, Any], **change: list[float]) -> dict[str, Any]:
    """What is known of the errors, one band of it changed."""
    errors = list(about["refit"]["errors"])
    errors[1] = {**errors[1], **change}
    return {**about["refit"], "errors": errors}


def test_the_file_that_is_read_is_not_written_over(folders: dict[str, Path]) -> None:
    table = folders["values"].parent / "table.csv"
    before = table.read_bytes()
    command = ["predict", str(folders["values"]), str(table), "--out", str(table.parent / "." / table.name)]
    with pytest.raises(BadPlan, match=r"--out would overwrite the file that is read; .*fix: give another name"):
        app(command, prog_name="carousel", standalone_mode=False)
    assert table.read_bytes() == before


def test_a_folder_that_was_tampered_with_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    best = shutil.copytree(folders["values"], tmp_path / "best")
    table = folders["values"].parent / "table.csv"
    about, weights = json.loads((best / "contender.json").read_text()), (best / "model.safetensors").read_bytes()
    badly = {**about["source"], "options": {"drop_short": "perhaps"}}
    flipped = bytearray(weights)
    flipped[-1] ^= 1
    newer = r"another version of Carousel; .*; got: it says schema 3; fix: read it"
    for change, content, says in (
        ({"schema": 3}, weights, newer),
        ({"source": badly}, weights, "that no file can"),
        ({"refit": spoilt(about, half=[1.0, 2.0])}, weights, "holds intervals of another network"),
        ({"refit": spoilt(about, average=[1.0])}, weights, "holds intervals of another network"),
        ({"refit": spoilt(about, average=[0.0])}, weights, r"refit\.errors\.1\.average\.0 is out of range"),
        ({"refit": spoilt(about, half=[-1.0])}, weights, r"refit\.errors\.1\.half\.0 is out of range"),
        ({"refit": spoilt(about, by_split=[])}, weights, "by_split has too few values"),
        ({}, weights[:-8], "is not what contender.json was written with"),
        ({}, bytes(flipped), "is not what contender.json was written with"),
        ({"weights_sha256": sha256(weights[:99]).hexdigest()}, weights[:99], "no safetensors"),
        ({}, b"", "is not what"),
    ):
        (best / "contender.json").write_text(json.dumps({**about, **change}))
        (best / "model.safetensors").write_bytes(content)
        with pytest.raises(UserError, match=says) as refused:
            predict(best, table)
        assert "\n" not in str(refused.value) and line_in(refused.value, "zh") != str(refused.value)
    (best / "contender.json").write_text(json.dumps(about))
    (best / "model.safetensors").write_bytes(weights)
    held = (best / "data.npz").read_bytes()
    (best / "data.npz").write_bytes(held[: len(held) // 2])
    with pytest.raises(UserError, match=r"data\.npz' is absent or damaged"):
        predict(best, table)
