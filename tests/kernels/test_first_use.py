"""The first use in a process: compiled code is kept where it can be, and one line says what is happening."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = "import torch, carousel; carousel.GRU(2, 3)(torch.zeros(4, 1, 2))[0].sum().backward(); print('ran')"


def run(folder):
    environment = os.environ | {"CAROUSEL_CACHE_DIR": str(folder)}
    return subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=300)


def test_compiles_once_and_says_so(tmp_path):
    first, second = run(tmp_path), run(tmp_path)
    assert first.stdout == second.stdout == "ran\n"
    assert "compiling the recurrent kernels for float32" in first.stderr
    assert second.stderr == ""


def test_a_folder_that_cannot_be_written_is_told_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = run(tmp_path / "file")
    assert found.stdout == "ran\n"
    lines = found.stderr.strip().splitlines()
    assert "cannot be kept" in lines[0]
    assert "cure: set CAROUSEL_CACHE_DIR" in lines[0]
    assert "for this process only" in lines[1]
