"""Input that is no file, or no end: one line, at once."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

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
