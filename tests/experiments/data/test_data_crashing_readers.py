"""A reader of a native format that crashes, or does not end, is one line: it runs in a child process."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions
from carousel.experiments.data.read import native_child
from tests.experiments.data.data_files import LONG, long_frame, refused, write


def _parquet() -> bytes:
    long_frame().write_parquet(held := io.BytesIO())
    return held.getvalue()


def _matlab() -> bytes:
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = np.zeros((5, 88))
    savemat(held := io.BytesIO(), dict.fromkeys(("traindata", "validdata", "testdata"), cell))
    return held.getvalue()


KINDS = {"parquet": (_parquet, LONG), "mat": (_matlab, DataOptions())}


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
