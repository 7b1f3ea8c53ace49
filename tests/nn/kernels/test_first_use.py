"""The first use in a process: compiled code is kept where it can be, and one line says what is happening."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

CODE = "import torch, carousel; carousel.GRU(2, 3)(torch.zeros(4, 1, 2))[0].sum().backward(); print('ran')"


def start(folder, **variables):
    environment = os.environ | {"CAROUSEL_CACHE_DIR": str(folder)} | variables
    return subprocess.Popen(
        [sys.executable, "-c", CODE], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_processes_that_start_at_once_compile_once_and_one_says_so(tmp_path):
    together = [started.communicate(timeout=300) for started in (start(tmp_path), start(tmp_path))]
    out, error = start(tmp_path).communicate(timeout=300)
    assert {out, *(printed for printed, _ in together)} == {"ran\n"}
    silent, told = sorted(said for _, said in together)
    assert "compiling the recurrent kernels for float32" in told
    assert silent == error == ""


def test_a_folder_that_cannot_be_written_is_told_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("in the way")
    started = start(tmp_path / "file", NUMBA_OPT="0")  # what is compiled is thrown away: half the time will do
    out, error = started.communicate(timeout=300)
    assert out == "ran\n"
    lines = error.strip().splitlines()
    assert "cannot be kept" in lines[0]
    assert "fix: set CAROUSEL_CACHE_DIR" in lines[0]
    assert "for this process only" in lines[1]
