"""Damaged files of every format: each is read or refused in one line, whatever its reader does with it."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from carousel.common.errors import BadData, UserError
from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.data.read import native_child
from tests.experiments.data.data_files import LONG, long_frame, refused, write

LINES = (b"\n", b'"', b",", b"{", b"[", b"\\", b"\xe2\x80\xa8", b"\x1b", b"\0", b"1e999", b"9" * 400, b"@", b":")


def _parquet() -> bytes:
    long_frame(40).write_parquet(held := io.BytesIO())
    return held.getvalue()


def _csv() -> bytes:
    return long_frame().write_csv().encode()


def _json_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in long_frame().to_dicts()).encode()


def _ts() -> bytes:
    cases = "".join(f"{i},2,3:4,?,{i}:{'ab'[i % 2]}\n" for i in range(12))
    return f"@problemName toy\n@classLabel true a b\n@data\n{cases}".encode()


def _npz() -> bytes:
    np.savez(held := io.BytesIO(), x=np.random.default_rng(0).normal(size=(12, 4, 2)), y=np.arange(12) % 2)
    return held.getvalue()


def _matlab(compressed: bool) -> bytes:
    rolls = np.random.default_rng(0)
    names = {name: np.empty((1, 3), dtype=object) for name in ("traindata", "validdata", "testdata")}
    for cell in names.values():
        for place in range(3):
            cell[0, place] = (rolls.random((5 + place, 88)) < 0.1).astype(np.uint8)
    savemat(held := io.BytesIO(), names, do_compression=compressed)
    return held.getvalue()


KINDS: dict[str, tuple[Callable[[], bytes], DataOptions]] = {
    "parquet": (_parquet, LONG),
    "csv": (_csv, LONG),
    "tsv": (lambda: _csv().replace(b",", b"\t"), LONG),
    "jsonl": (_json_lines, LONG),
    "ts": (_ts, DataOptions()),
    "npz": (_npz, DataOptions()),
    "mat": (lambda: _matlab(compressed=False), DataOptions()),
}


def _mutated(content: bytes, seed: int) -> bytes:
    """Bytes flipped, cut off, doubled, put in; and mostly at the ends, where binary formats keep what they are."""
    draw = random.Random(seed)
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5, 30))):
        near_an_end = draw.choice((len(data), len(data), min(len(data), 300)))
        at = draw.randrange(near_an_end) if draw.random() < 0.5 else len(data) - 1 - draw.randrange(near_an_end)
        match draw.randrange(6):
            case 0:
                data[at] = draw.choice((0, 1, 127, 128, 255))
            case 1 | 2:
                data[at] ^= 1 << draw.randrange(8)
            case 3:
                data[at] = draw.randrange(256)
            case 4:
                data[at:at] = draw.choice(LINES)
            case 5 if draw.random() < 0.2:
                data = data[: at + 1]
    return bytes(data)


def _hold(folder: Path, kind: str, content: bytes, options: DataOptions, seeds: range) -> None:
    """Every mutation is read, or refused by a UserError of one line, within 12 seconds."""

    def try_one(seed: int) -> str | None:
        path = write(folder, f"{seed}.{kind}", _mutated(content, seed))
        started = time.perf_counter()
        try:
            prepare(path, options)
        except UserError as error:
            line = str(error)
            return None if "\n" not in line and time.perf_counter() - started < 12 else f"seed {seed}: {line}"
        except BaseException as error:  # a panic of the table library is no Exception
            return f"seed {seed}: {type(error).__name__} {error}"
        finally:
            path.unlink()
        return None

    with ThreadPoolExecutor(2) as pool:
        assert [found for found in pool.map(try_one, seeds) if found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    make, options = KINDS[kind]
    prepare(write(tmp_path, f"whole.{kind}", make()), options)
    _hold(tmp_path, kind, make(), options, range({"parquet": 60, "mat": 30}.get(kind, 300)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_files(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    make, options = KINDS[kind]
    _hold(tmp_path, kind, make(), options, range(1000, 1000 + {"parquet": 300, "mat": 70}.get(kind, 1000)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_mutated_compressed_cells(tmp_path: Path) -> None:
    _hold(tmp_path, "mat", _matlab(compressed=True), DataOptions(), range(40))


@pytest.mark.slow
def test_mutated_chorales(tmp_path: Path, chorales: Path) -> None:
    _hold(tmp_path, "mat", chorales.read_bytes(), DataOptions(), range(40))


def _child(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    """The child's program is `body`."""
    monkeypatch.setattr(native_child, "__file__", str(write(folder, "child.py", body)))


@pytest.mark.parametrize("kind", ["mat", "parquet"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "its reader broke off (SIGSEGV)"),
        ("import os; os.abort()", "its reader broke off (SIGABRT)"),
        ("raise BaseException('panic')", "its reader broke off (code 1)"),
        ("import time; time.sleep(60)", "no end within 1 seconds"),
    ],
)
def test_a_reader_that_crashes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    body: str,
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(native_child, "MOST_SECONDS", 1)
    _child(monkeypatch, tmp_path, body)
    make, options = KINDS[kind]
    refused(write(tmp_path, f"a.{kind}", make()), options, BadData, f"a.{kind} cannot be read as", words, "fix: ")
    assert capfd.readouterr() == ("", "")
