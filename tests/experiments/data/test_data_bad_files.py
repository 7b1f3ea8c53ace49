"""A file that cannot be used at all: one clear line that names it and the fix."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.io import savemat

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, write

Y = DataOptions(target="y")
TS = "@problemName toy\n@classLabel true a b\n@data\n"
STAMPED = "@timeStamps true\n" + TS


def test_there_is_no_file(tmp_path: Path) -> None:
    csv_of(tmp_path, long_frame(), "series.csv")
    refused(tmp_path / "serie.csv", LONG, BadData, "no file", "did you mean", "series.csv")


def test_a_folder(tmp_path: Path) -> None:
    refused(tmp_path, LONG, BadData, "is a folder", "file inside it")


def test_an_unknown_ending(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.xlsb", "a"), LONG, BadData, "'.xlsb'", ".csv", ".parquet", "convert")


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "npz", "ts", "mat"])
@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file(tmp_path: Path, ending: str, content: str) -> None:
    refused(write(tmp_path, f"a.{ending}", content), DataOptions(), BadData, f"a.{ending} is empty")


def test_a_header_only(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", "id,t,a,label\n"), LONG, BadData, "a.csv holds no rows", "header only")


def test_blank_rows_only(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", "id,t,a,label\n,,,\n\n"), LONG, BadData, "no values", "2 blank rows")


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\x00\x00\x01", b"PK\x03\x04\x14\x00", b"id,t\n\x81\xfe\x01,2\n"]
)
def test_a_binary_file_named_csv(tmp_path: Path, content: bytes) -> None:
    refused(write(tmp_path, "a.csv", content), LONG, BadData, "a.csv is a binary file", "UTF-8")


def test_a_row_with_too_many_cells(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", "y,a\n1,2\n1,2,3\n"), Y, BadData, "row 3", "3 cells", "2", "remove")


def test_a_quote_that_never_ends(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", 'y,a\n1,"2\n1,2\n'), Y, BadData, "a.csv cannot be read", "write")


def test_a_column_without_a_name(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", "y,,a\n1,2,3\n"), Y, BadData, "column 2", "no name", "remove")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.csv", "y,a,a\n1,2,3\n"), Y, BadData, "two columns named 'a'", "rename")


@pytest.mark.parametrize("damage", ["cut", "junk"])
def test_broken_parquet(tmp_path: Path, damage: str) -> None:
    held = io.BytesIO()
    long_frame().write_parquet(held)
    content = held.getvalue()[:-40] if damage == "cut" else b"junk" * 50
    refused(write(tmp_path, "a.parquet", content), LONG, BadData, "cannot be read as Parquet", "write the file again")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"y":1}\n{bad\n', ("line 2", "not JSON")),
        ('{"y":1}\n\n{"y":2}x\n', ("line 3", "not JSON")),
        ('{"y":1}\n[1,2]\n', ("line 2", "not an object", "[1,2]")),
        ('{"y":1,"a":[1,2]}\n', ("'a'", "list", "--group")),
        ('{"y":1,"a":{"b":2}}\n', ("'a'", "struct")),
    ],
)
def test_broken_json_lines(tmp_path: Path, content: str, words: tuple[str, ...]) -> None:
    refused(write(tmp_path, "a.jsonl", content), Y, BadData, *words)


def test_broken_npz(tmp_path: Path) -> None:
    held = io.BytesIO()
    np.savez(held, x=np.zeros((3, 4)), y=np.arange(3))
    refused(write(tmp_path, "a.npz", held.getvalue()[:-30]), DataOptions(), BadData, "cannot be read as NPZ", "savez")
    np.savez(held := io.BytesIO(), x=np.array([1, "a", None], dtype=object), y=np.arange(3))
    refused(write(tmp_path, "b.npz", held.getvalue()), DataOptions(), BadData, "cannot be read as NPZ", "savez")


@pytest.mark.parametrize(
    ("arrays", "kind", "words"),
    [
        ({"y": [0, 1]}, BadData, ("no array 'x'", "[N, T, C]")),
        ({"x": np.zeros((4, 3, 2, 1)), "y": np.arange(4)}, BadData, ("'x'", "(4, 3, 2, 1)")),
        ({"x": np.array([["a", "b"]]), "y": [0]}, BadData, ("'x'", "numbers", "<U1")),
        ({"x": np.zeros((4, 3)), "y": [0, 1]}, BadData, ("'y'", "4 numbers")),
        ({"x": np.zeros((4, 3)), "y": np.array([0, 1, np.nan, 1])}, BadData, ("y[2]", "missing", "fill")),
        ({"x": np.zeros((4, 3)), "y": [0, 1, 0, 1], "lengths": [1, 2, 3, 4]}, BadData, ("lengths[3]", "1 to 3")),
        ({"x": np.zeros((4, 3)), "y": [0, 1, 0, 1], "lengths": [2.5] * 4}, BadData, ("'lengths'", "whole")),
        ({"x": [[0, np.inf], [0, 0]], "y": [0, 1]}, BadData, ("x[0, 1]", "infinite", "NaN")),
        ({"x": np.zeros((0, 3)), "y": []}, BadData, ("'x' holds no sequences",)),
        ({"x": np.zeros((4, 3))}, BadPlan, ("what to predict", "x0, x1, x2", "add y")),
    ],
)
def test_npz_arrays_that_do_not_fit(tmp_path: Path, arrays: dict, kind: type, words: tuple[str, ...]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    refused(tmp_path / "a.npz", DataOptions(), kind, *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("@problemName toy\n1,2:a\n", ("no @data line",)),
        ("@problemName toy\n@data\n1,2:a\n", ("no target", "@classLabel true")),
        (TS, ("no cases",)),
        (TS + "1,2:a\n1,x:b\n", ("line 5", "text in dimension 1", "'x'")),
        (TS + "1,2:a\n1,2:\n", ("line 5", "no target")),
        (TS + "1,2:a\n1,2:?\n", ("line 5", "no target")),
        (TS + "1,2:3,4:a\n1,2:b\n", ("line 5", "dimensions", "line 4")),
        (TS + "1,2:3:a\n", ("line 4", "not equally long", "2, 1")),
        (TS + "1,inf:a\n", ("line 4", "infinite", "dimension 1")),
        (TS + "a\n", ("line 4", "no dimension before the target")),
        (STAMPED + "0,1,2:a\n", ("line 5", "not written with time stamps", "(time,value)", "@timeStamps false")),
        (STAMPED + "(0,1)(1,2):a\n", ("line 5", "not written with time stamps")),
        (STAMPED + "(0,1),(1,2)\n", ("line 5", "not written with time stamps")),
        (STAMPED + "(1,1),(0,2):a\n", ("line 5", "do not go up", "1, then 0")),
        (STAMPED + "(0,1),(1,2):(0,1),(2,3):a\n", ("line 5", "not the same time stamps", "'?'")),
        (STAMPED + "(x,1),(1,2):a\n", ("no time", "row 5", "'x'")),
    ],
)
def test_broken_ts(tmp_path: Path, content: str, words: tuple[str, ...]) -> None:
    refused(write(tmp_path, "a.ts", content), DataOptions(), BadData, *words)


def test_a_binary_ts(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.ts", b"\xff\xfe@data"), DataOptions(), BadData, "a.ts is not text", "UTF-8")


def test_a_sibling_that_does_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path, "A_TRAIN.ts", TS + "1,2:a\n" * 3 + "2,1:b\n" * 3)
    write(tmp_path, "A_TEST.ts", TS + "1,2:3,4:a\n")
    refused(path, DataOptions(), BadData, "A_TEST.ts does not fit", "move A_TEST.ts away")
    write(tmp_path, "A_TEST.ts", TS + "1,2:c\n")
    refused(path, DataOptions(), BadData, "A_TEST.ts has a class", "'c'", "move A_TEST.ts away")


def test_broken_mat(tmp_path: Path) -> None:
    refused(write(tmp_path, "a.mat", b"junk" * 100), DataOptions(), BadData, "MATLAB 5", "-v7")
    savemat(tmp_path / "b.mat", _rolls(np.zeros((5, 88))))
    cut = (tmp_path / "b.mat").read_bytes()[:300]
    refused(write(tmp_path, "b.mat", cut), DataOptions(), BadData, "MATLAB 5", "-v7")


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (np.zeros((5, 87)), ("testdata[0]", "[5, 87]")),
        (np.zeros((1, 88)), ("testdata[0]", "T of 2 or more")),
        (np.full((5, 88), 2), ("testdata[0]", "0 (silent)")),
    ],
)
def test_pieces_that_are_no_rolls(tmp_path: Path, piece: np.ndarray, words: tuple[str, ...]) -> None:
    savemat(tmp_path / "a.mat", _rolls(piece))
    refused(tmp_path / "a.mat", DataOptions(), BadData, *words)


def test_a_mat_file_of_something_else(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"traindata": np.zeros(3)})
    refused(tmp_path / "a.mat", DataOptions(), BadData, "'traindata'", "validdata", "save")


def _rolls(test_piece: np.ndarray) -> dict[str, np.ndarray]:
    names = {name: np.empty((1, 1), dtype=object) for name in ("traindata", "validdata", "testdata")}
    for cell in names.values():
        cell[0, 0] = np.zeros((5, 88))
    names["testdata"][0, 0] = test_piece
    return names


@pytest.mark.parametrize("name", ["a.ts", "a.npz", "a.mat"])
def test_options_without_meaning(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, "something")
    refused(path, DataOptions(group="id"), BadPlan, "--group has no meaning", "leave --group out")


def test_a_parquet_column_that_is_no_number(tmp_path: Path) -> None:
    frame = long_frame().with_columns(when=pl.date(2020, 1, 1))
    frame.write_parquet(tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", LONG, BadData, "'when'", "date", "--order when")


def test_a_single_array_named_npz(tmp_path: Path) -> None:
    np.save(held := io.BytesIO(), np.zeros(3))
    refused(write(tmp_path, "a.npz", held.getvalue()), DataOptions(), BadData, "cannot be read as NPZ", "savez")
