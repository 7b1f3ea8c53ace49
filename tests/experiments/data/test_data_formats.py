"""One table in every format gives the same arrays; each format's own ways are read as documented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.io import savemat

from carousel.common.errors import FolderConflict
from carousel.experiments.data import DataOptions, Prepared, prepare
from tests.experiments.data.data_files import LONG, csv_of, long_frame, series_frame, told, write

TS = "@problemName toy\n@{mark} true\n@data\n"


def same(one: Prepared, other: Prepared) -> None:
    """Equal arrays; the card differs in the file only."""
    for name in ("x", "starts", "lengths", "part", "y", "mean", "std", "y_mean", "y_std"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    own = {"file", "files", "format"}
    assert {k: v for k, v in one.card.items() if k not in own} == {k: v for k, v in other.card.items() if k not in own}


def test_tables_of_every_format_are_the_same(tmp_path: Path) -> None:
    frame = long_frame()
    first = prepare(csv_of(tmp_path, frame), LONG)
    frame.write_csv(tmp_path / "a.tsv", separator="\t")
    frame.write_csv(tmp_path / "semicolon.CSV", separator=";")
    frame.with_columns(pl.col("label").cast(pl.Categorical)).write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "a.jsonl")
    frame.write_ndjson(tmp_path / "a.ndjson")
    write(tmp_path, "bom.csv", b"\xef\xbb\xbf" + frame.write_csv(line_terminator="\r\n").encode())
    for name in ("a.tsv", "semicolon.CSV", "a.parquet", "a.jsonl", "a.ndjson", "bom.csv"):
        same(first, prepare(tmp_path / name, LONG))


def test_npz_and_ts_and_wide_hold_the_same_sequences(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 5)).round(3), np.arange(12) % 3
    lengths = np.array([5, 4, 3] * 4)
    x[1, 1] = np.nan
    np.savez(tmp_path / "a.npz", x=x, y=y, lengths=lengths)
    rows = [[f"{v:g}" if v == v else "?" for v in row[:n]] for row, n in zip(x, lengths, strict=True)]
    write(
        tmp_path,
        "a.ts",
        TS.format(mark="classLabel") + "".join(f"{','.join(r)}:{c}\n" for r, c in zip(rows, y, strict=True)),
    )
    wide = [",".join([*r, *[""] * (5 - len(r)), str(c)]) for r, c in zip(rows, y, strict=True)]
    write(tmp_path, "a.csv", "s0,s1,s2,s3,s4,label\n" + "\n".join(wide))
    found = [
        prepare(tmp_path / name, DataOptions(target=t))
        for name, t in (("a.npz", None), ("a.ts", None), ("a.csv", "label"))
    ]
    for prepared in found:
        assert prepared.kind == "classification"
        assert prepared.lengths.tolist() == lengths.tolist()
        assert prepared.y.tolist() == y.tolist()
        assert prepared.x.shape == (48, 2)  # the value, and its mask
        raw = prepared.x[:, 0] * prepared.std[0] + prepared.mean[0]
        gap = prepared.x[:, 1] == 1
        assert gap.nonzero()[0].tolist() == [6]
        expected = x[np.arange(5) < lengths[:, None]]
        np.testing.assert_allclose(raw[~gap], expected[~gap], atol=1e-6)
        assert prepared.x[6, 0] == 0


def test_npz_of_several_channels_and_text_classes(tmp_path: Path) -> None:
    x = np.arange(12 * 3 * 2.0).reshape(12, 3, 2)
    np.savez(tmp_path / "a.npz", x=x, y=np.array(["no", "yes"] * 6))
    prepared = prepare(tmp_path / "a.npz", DataOptions())
    assert [c["name"] for c in prepared.card["classes"]] == ["no", "yes"]
    assert prepared.card["channels"]["names"] == ["x0", "x1"]
    np.testing.assert_allclose(prepared.x * prepared.std + prepared.mean, x.reshape(-1, 2), atol=1e-4)


def test_npz_series(tmp_path: Path) -> None:
    frame = series_frame()
    np.savez(tmp_path / "a.npz", x=frame.select("y", "z").to_numpy())
    np.savez(tmp_path / "b.npz", x=frame["y"].to_numpy())
    table = prepare(csv_of(tmp_path, frame), DataOptions(forecast=("y",), order="t"))
    arrays = prepare(tmp_path / "a.npz", DataOptions(forecast=("x0",)))
    np.testing.assert_array_equal(arrays.y, table.y)
    np.testing.assert_array_equal(arrays.x, table.x)
    np.testing.assert_array_equal(prepare(tmp_path / "b.npz", DataOptions(forecast=("x",))).y, table.y)


def test_ts_with_a_number_as_target(tmp_path: Path) -> None:
    lines = "".join(f"{i},{i + 1}:{i},{-i}:{i * 0.5}\n" for i in range(8))
    prepared = prepare(write(tmp_path, "a.ts", TS.format(mark="targetLabel") + lines), DataOptions())
    assert prepared.kind == "regression"
    np.testing.assert_allclose(prepared.y[:, 0] * prepared.y_std + prepared.y_mean, np.arange(8) * 0.5, atol=1e-6)


def test_ts_sibling_is_the_test_part(tmp_path: Path) -> None:
    head = TS.format(mark="classLabel")
    path = write(tmp_path, "A_TRAIN.ts", head + "1,2:a\n2,5:b\n" * 4)
    alone = prepare(path, DataOptions())
    write(tmp_path, "A_TEST.ts", head + "7,8:a\n" * 5)
    both = prepare(path, DataOptions())
    assert alone.card["split"]["how"] == "stratified" and both.card["split"]["how"] == "sibling"
    assert both.part.tolist()[8:] == [2] * 5 and 2 not in both.part[:8]
    assert told(both, "sibling") == {"key": "sibling", "file": "A_TEST.ts", "count": 5}
    assert [entry["name"] for entry in both.card["files"]] == ["A_TRAIN.ts", "A_TEST.ts"]
    assert both.sha256 != alone.sha256


def test_piano_rolls(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rolls = {}
    for name, count in (("traindata", 3), ("validdata", 2), ("testdata", 1)):
        rolls[name] = np.empty((1, count), dtype=object)
        for i in range(count):
            rolls[name][0, i] = (rng.random((4 + i, 88)) < 0.1).astype(np.uint8)
    savemat(tmp_path / "a.mat", rolls)
    prepared = prepare(tmp_path / "a.mat", DataOptions())
    assert prepared.lengths.tolist() == [3, 4, 5, 3, 4, 3]  # the last frame is only a target
    assert prepared.part.tolist() == [0, 0, 0, 1, 1, 2]
    np.testing.assert_array_equal(prepared.x[:4], rolls["traindata"][0, 0])
    train = np.concatenate([roll[1:] for roll in rolls["traindata"][0]]).astype(float)
    share = (train.sum(axis=0) + 0.5) / (len(train) + 1)
    test = rolls["testdata"][0, 0][1:].astype(float)
    expected = (test * np.log(share) + (1 - test) * np.log1p(-share)).sum() / len(test)
    assert prepared.card["baseline"]["score"] == pytest.approx(expected)


def test_saved_bytes_are_the_same_and_come_back(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame())
    for name in ("one.npz", "two.data"):
        prepare(path, LONG).save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.data").read_bytes()
    same(prepare(path, LONG), Prepared.load(tmp_path / "one.npz"))
    assert Prepared.load(tmp_path / "one.npz").card == prepare(path, LONG).card
    assert not list(tmp_path.glob("*.partial"))


def test_what_cannot_be_saved_or_loaded_says_so(tmp_path: Path) -> None:
    prepared = prepare(csv_of(tmp_path, long_frame()), LONG)
    with pytest.raises(FolderConflict, match="cannot write"):
        prepared.save(csv_of(tmp_path, long_frame()) / "a.npz")  # a file where a folder should be
    prepared.save(tmp_path / "a.npz")
    cut = write(tmp_path, "cut.npz", (tmp_path / "a.npz").read_bytes()[:-50])
    for path in (cut, tmp_path / "none.npz"):
        with pytest.raises(FolderConflict, match="absent or damaged"):
            Prepared.load(path)


def test_preparing_needs_no_torch(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame())
    code = (
        "import sys; from pathlib import Path;"
        "from carousel.experiments.data import DataOptions, prepare, card_lines, Prepared;"
        "p = prepare(Path(sys.argv[1]), DataOptions(target='label', group='id', order='t'));"
        "card_lines(p.card, 'en'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_time_stamps_of_ts_say_how_even_the_steps_are(tmp_path: Path) -> None:
    header = "@timeStamps true\n@classLabel true a b\n@data\n"
    even = "(2020-01-01 00:00:00,1),(2020-01-01 00:01:00,?):a\n(2021-05-01 07:00:00,3),(2021-05-01 07:01:00,4):b\n"
    stamped = prepare(write(tmp_path, "a.ts", header + even * 4))
    plain = prepare(write(tmp_path, "b.ts", header.replace("true", "false", 1) + "1,?:a\n3,4:b\n" * 4))
    np.testing.assert_array_equal(stamped.x, plain.x)
    assert stamped.card["spacing"] == {"unit": "seconds", "step": 60.0, "regular": True, "odd": 0}
    case = "(0,1),({0},2):(0,3),({0},4):{1}\n"
    lines = case.format(5, "a") * 5 + case.format(7, "b") * 3
    uneven = prepare(write(tmp_path, "c.ts", header + lines))
    assert uneven.card["channels"]["names"] == ["dim1", "dim2"]
    assert told(uneven, "irregular")["odd"] == 3


def test_a_table_of_scikit_learn_has_its_classes_by_name(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 7}.5,{n % 2}\n" for n in range(20))
    prepared = prepare(write(tmp_path, "a.csv", "20,2,no,yes\n" + rows), DataOptions(target="class"))
    assert [c["name"] for c in prepared.card["classes"]] == ["no", "yes"]
    assert prepared.card["sequences"] == 20
    assert told(prepared, "counted_header")["line"] == "20,2,no,yes"
    # counts that do not fit what follows are a header like any other
    other = prepare(write(tmp_path, "b.csv", "21,2,no\n" + rows), DataOptions(target="no"))
    assert "counted_header" not in [note["key"] for note in other.card["notes"]]
