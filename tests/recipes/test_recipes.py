"""Each recipe runs with tiny settings and writes its rows; a mistake is one line and exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
NAMES = ["adding_and_copy", "forget_bias", "jsb_chorales", "regular_languages", "temporal_order"]


def run(name: str, *options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, RECIPES / f"{name}.py", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True)


def of_data(name: str, folder: Path) -> list[object]:
    """The data option of the one recipe that has it, with a made-up file behind it."""
    if name != "jsb_chorales":
        return []
    generator = np.random.default_rng(0)
    parts = {}
    for key in ("traindata", "validdata", "testdata"):
        parts[key] = np.empty((1, 3), dtype=object)
        for k in range(3):
            parts[key][0, k] = (generator.random((5 + k, 88)) < 0.05).astype(np.uint8)
    savemat(folder / "JSB_Chorales.mat", parts)
    return ["--data", folder]


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_runs_and_writes_its_rows(name, tmp_path):
    out = tmp_path / "found" / "rows.json"
    ran = run(name, "--quick", "--seeds", 1, "--out", out, *of_data(name, tmp_path))
    assert ran.returncode == 0, ran.stderr
    head, *lines = ran.stdout.splitlines()
    assert head.split()[:3] == ["what", "published", "ours"]
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["recipe"] == name and found["quick"] and len(found["rows"]) == len(lines)
    assert all(row["ours"] and np.isfinite(row["mean"]) for row in found["rows"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [["--seeds", "many"], ["--nonsense"], ["--quick", "--seeds", "0"]], ids=str)
def test_a_mistake_is_one_line(name, options, tmp_path):
    ran = run(name, *options, *of_data(name, tmp_path))
    assert ran.returncode == 2
    assert not ran.stdout and ran.stderr.count("\n") == 1, ran.stderr


def test_without_its_file_a_recipe_says_where_that_is_expected(tmp_path):
    ran = run("jsb_chorales", "--data", tmp_path)
    assert ran.returncode == 2
    assert str(tmp_path / "JSB_Chorales.mat") in ran.stderr and ran.stderr.count("\n") == 1


def test_an_unknown_contender_is_one_line():
    ran = run("regular_languages", "--contenders", "rnn,lstmm")
    assert ran.returncode == 2
    assert "did you mean 'lstm'" in ran.stderr and ran.stderr.count("\n") == 1
