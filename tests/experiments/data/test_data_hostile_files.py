"""Input that is no file, has no end, or looks broken and is not: one line, at once, or the right reading."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.data.read import source
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, write


def _refused_at_once(path: Path, *words: str) -> None:
    started = time.perf_counter()
    refused(path, DataOptions(), BadData, *words)
    assert time.perf_counter() - started < 1


def test_a_pipe_without_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    _refused_at_once(tmp_path / "a.csv", "a.csv is a pipe, no regular file", "copy what it gives into a file")


def test_a_device_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("/dev/zero")
    _refused_at_once(tmp_path / "a.csv", "a.csv is a device, no regular file")
    _refused_at_once(Path("/dev/zero"), "/dev/zero is a device, no regular file")


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket is at most 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.csv")
        _refused_at_once(Path("a.csv"), "cannot read a.csv")


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    _refused_at_once(tmp_path / "a.csv", "a.csv is a folder, no regular file", "name the file inside it")


def test_the_test_part_of_a_ts_file_is_a_pipe(tmp_path: Path) -> None:
    header = "@problemName toy\n@classLabel true a b\n@data\n"
    path = write(tmp_path, "A_TRAIN.ts", header + "1,2:a\n" * 5 + "2,1:b\n" * 5)
    os.mkfifo(tmp_path / "A_TEST.ts")
    _refused_at_once(path, "A_TEST.ts is a pipe, no regular file")


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    target = csv_of(tmp_path, long_frame(), "target.csv")
    (tmp_path / "link.csv").symlink_to(target)
    assert prepare(tmp_path / "link.csv", LONG).sha256 == prepare(target, LONG).sha256


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("a.csv")
    _refused_at_once(tmp_path / "a.csv", "cannot read", "symbolic links")


def test_a_file_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.csv").open("wb") as stream:
        stream.truncate(3 * 2**30)  # holds no block on the disk
    _refused_at_once(tmp_path / "a.csv", "a.csv is too large", "allowed: 1 GiB", "got: 3.00 GiB")
    monkeypatch.setattr(source, "MOST_BYTES", 10)
    refused(csv_of(tmp_path, long_frame()), LONG, BadData, "table.csv is too large")


def test_a_file_that_grows_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_BYTES", 10)  # the system's own files say that they hold nothing
    refused(Path("/proc/self/status"), DataOptions(), BadData, "/proc/self/status is too large")


@pytest.mark.parametrize("name", ["n" * 300 + ".csv", "n/" * 4000 + "a.csv", "a\0.csv"])
def test_a_path_that_no_system_takes(tmp_path: Path, name: str) -> None:
    assert len(refused(tmp_path / name, DataOptions(), BadData, "cannot read", "check the path")) < 600


def test_ends_of_lines_inside_a_string_of_json(tmp_path: Path) -> None:
    rows = long_frame().with_columns(label=pl.col("label") + "\u2028\u2029\u0085\u000b\u001c.").to_dicts()
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    prepared = prepare(write(tmp_path, "a.jsonl", text), LONG)
    assert prepared.card["sequences"] == 12
    broken = text.split("\n")[0] + "\n{bad\n"
    refused(write(tmp_path, "b.jsonl", broken), LONG, BadData, "line 2 of b.jsonl is not JSON")


@pytest.mark.parametrize("levels", [60, 1000, 100_000])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_json_nested_deep(tmp_path: Path, levels: int, pair: str) -> None:
    start = '{"a":' if pair == "{}" else "["
    text = '{"y":1}\n{"y":' + start * levels + "1" + pair[1] * levels + "}\n"
    refused(write(tmp_path, "a.jsonl", text), DataOptions(target="y"), BadData, "line 2", f"{levels + 1} levels deep")


def test_brackets_in_a_string_of_json_are_text(tmp_path: Path) -> None:
    rows = long_frame().with_columns(label=pl.col("label") + '[{\\"' * 100).to_dicts()
    text = "\n".join(json.dumps(row) for row in rows)
    assert prepare(write(tmp_path, "a.jsonl", text), LONG).card["sequences"] == 12


def test_json_with_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    text = '{"y":' + "1" * 5000 + "}\n{bad\n"
    refused(write(tmp_path, "a.jsonl", text), DataOptions(target="y"), BadData, "a.jsonl", "JSON")


def test_a_bare_at_sign(tmp_path: Path) -> None:
    text = "@problemName toy\n@\n@classLabel true a b\n@data\n1,2:a\n"
    refused(write(tmp_path, "a.ts", text), DataOptions(), BadData, "line 2 of a.ts has no word after '@'")


def test_nothing_but_a_mark_of_byte_order(tmp_path: Path) -> None:
    for name in ("a.csv", "a.tsv", "a.jsonl", "a.ts"):
        refused(write(tmp_path, name, "\ufeff"), DataOptions(), BadData, name)


def test_a_cell_longer_than_any(tmp_path: Path) -> None:
    for text in ('y,"' + "a" * 200_000 + "\n1,2\n", "y,a\n1,2\n1,2,3\n4," + "a" * 200_000):
        refused(write(tmp_path, "a.csv", text), DataOptions(target="y"), BadData, "a.csv")
