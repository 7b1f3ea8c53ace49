"""Each recipe runs with tiny settings and writes its rows; a mistake is one line and exit code 2."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from carousel.common.errors import UserError

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
NAMES = ["adding_and_copy", "forget_bias", "jsb_chorales", "regular_languages", "temporal_order"]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a recipe in this process, as its script would; the chorales are made up."""
    chorales(tmp_path / "JSB_Chorales.mat")
    monkeypatch.setenv("CAROUSEL_DATA", str(tmp_path))

    def run(name: str, *options: object) -> None:
        monkeypatch.setattr(sys, "argv", [name, *map(str, options)])
        importlib.import_module(name).recipe()

    return run


def chorales(path: Path) -> None:
    generator = np.random.default_rng(0)
    parts = {}
    for key in ("traindata", "validdata", "testdata"):
        parts[key] = np.empty((1, 3), dtype=object)
        for k in range(3):
            parts[key][0, k] = (generator.random((5 + k, 88)) < 0.05).astype(np.uint8)
    savemat(path, parts)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_runs_and_writes_its_rows(name, run, tmp_path, capsys):
    out = tmp_path / "found" / "rows.json"
    run(name, "--quick", "--seeds", 1, "--out", out)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["what", "published", "ours"]
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["recipe"] == name and found["quick"] and len(found["rows"]) == len(lines)
    assert all(row["ours"] and np.isfinite(row["mean"]) for row in found["rows"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [["--seeds", "many"], ["--nonsense"], ["--quick", "--seeds", "0"]], ids=str)
def test_a_mistake_is_one_line(name, options, run):
    with pytest.raises(UserError) as told:
        run(name, *options)
    assert "\n" not in str(told.value)


def test_an_unknown_contender_is_one_line(run):
    with pytest.raises(UserError, match="did you mean 'lstm'"):
        run("regular_languages", "--contenders", "rnn,lstmm")


def test_a_transformer_is_a_contender_of_the_regular_languages(run, capsys):
    run("regular_languages", "--quick", "--contenders", "transformer")
    chance = [line for line in capsys.readouterr().out.splitlines() if "transformer" in line]
    assert "0.500" in chance[0] and "0.200" in chance[1]


def test_finished_trainings_are_not_done_again(run, tmp_path, capsys):
    kept = tmp_path / "fits.jsonl"
    run("jsb_chorales", "--quick", "--seeds", 1, "--keep", kept)
    first, lines = capsys.readouterr().out, kept.read_text(encoding="utf-8")
    run("jsb_chorales", "--quick", "--seeds", 1, "--keep", kept)
    assert capsys.readouterr().out == first and kept.read_text(encoding="utf-8") == lines
    assert lines.count("\n") == 6  # three cells, one tuning and one reporting seed


def test_a_file_of_something_else_is_no_ledger(run, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n", encoding="utf-8")
    with pytest.raises(UserError, match="something else"):
        run("jsb_chorales", "--quick", "--keep", tmp_path / "notes.txt")


@pytest.mark.slow
def test_without_its_file_a_recipe_says_where_that_is_expected(tmp_path):
    command = [sys.executable, RECIPES / "jsb_chorales.py", "--data", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 2 and not ran.stdout
    assert str(tmp_path / "JSB_Chorales.mat") in ran.stderr and ran.stderr.count("\n") == 1
