"""A user's mistake: one line, exit code 2, nothing written or overwritten. Every mistake in a process of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from carousel.experiments.runner.folder import RunFolder
from tests.support.forked import forked
from tests.support.runs import carousel, small_plan


def table(folder: Path, text: str, name: str = "t.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def long_table(groups: int = 30, steps: int = 4, **changes: str) -> str:
    """A sound long table: id, t, x, label; `changes` replace the line of "group.step"."""
    lines = ["id,t,x,label"]
    for g in range(groups):
        for t in range(steps):
            lines.append(changes.get(f"r{g}_{t}", f"{g},{t},{g * 0.1 + t},{'ab'[g % 2]}"))
    return "\n".join(lines) + "\n"


LONG = ("--target", "label", "--group", "id", "--order", "t")
BESIDE = ("--contenders", "lstm,transformer")
ATTENTION = ("--budget", "standard", *BESIDE)
OPTIONS = {
    "unknown task": (("addng",), "did you mean 'adding'"),
    "unknown contender": (("adding", "--contenders", "lstmm"), "did you mean 'lstm'"),
    "unknown init": (("adding", "--contenders", "lstm:chorno"), "did you mean 'chrono'"),
    "unknown engine": (
        ("adding", "--engine", "rai"),
        "allowed: local, ray; fix: did you mean 'ray'",
    ),
    "address of no cluster": (
        ("adding", "--address", "host:6379"),
        "of a cluster; got: --engine local; fix",
    ),
    "no address": (("adding", "--engine", "ray", "--address", "host"), "--address is no address; allowed: HOST:PORT"),
    "length 0": (("adding", "--lengths", "0"), "whole numbers from 1"),
    "length x": (("adding", "--lengths", "30,x"), "got: 30,x"),
    "length too short": (("adding", "--lengths", "1"), "at least 2"),
    "unknown budget": (("adding", "--budget", "quik"), "did you mean 'quick'"),
    "unknown kernel": (("adding", "--kernel", "cuda"), "allowed: auto, numba, reference"),
    "unknown language": (("adding", "--lang", "fr"), "allowed: en, zh"),
    "no workers": (("adding", "--workers", "0"), "1 to 1024"),
    "negative seed": (("adding", "--seed", "-1"), "0 or more"),
    "endless seed": (("adding", "--seed", "9" * 20), "at most 1000000000000"),
    "negative parameters": (("adding", "--parameters", "-5"), "1 or more"),
    "no contenders": (("adding", "--contenders", ""), "--contenders names nothing"),
    "no forecast": (("adding", "--forecast", " , "), "--forecast names nothing"),
    "a claim without its probe": (("adding", "--claims", "gates"), "such as random-recall"),
    "a claim without a second length": (("adding", "--claims", "length", "--lengths", "30"), "add a second"),
    "a claim without its mirror set": (("mqar", "--claims", "attention", *ATTENTION), "mirror set"),
    "a claim with too few rates": (("mqar", "permutations", "--claims", "attention", *BESIDE), "Fewer than 5"),
    "a claim of LSTMs without one": (("adding", "--claims", "length", "--contenders", "rnn,gru"), "an RNN and an LSTM"),
    "a task for another claim": (("random-labels", "--claims", "gates"), "No task of the run is meant"),
    "tiny budget": (("adding", "--parameters", "20"), "raise --parameters"),
    "no number": (("adding", "--parameters", "many"), "--parameters"),
    "file options without file": (("adding", "--target", "y"), "none is given"),
    "unknown option": (("--lenghts", "3"), "--lengths"),
    "no such file": (("nothing.csv",), "nothing.csv"),
    "forced kernel that cannot": (("adding", "--contenders", "lstm-1997", "--kernel", "torch"), "no operator"),
}


@pytest.mark.parametrize(("arguments", "says"), OPTIONS.values(), ids=OPTIONS)
def test_options(tmp_path, arguments, says):
    refused(tmp_path, says, *arguments)


TABLES = {
    "empty": ("", LONG, "empty"),
    "header only": ("id,t,x,label\n", LONG, "no rows"),
    "unknown column": (long_table(), (*LONG[:-1], "tt"), "did you mean 't'"),
    "two targets": (long_table(r3_1="3,1,0.5,a"), LONG, "id=3"),
    "text in numbers": (long_table(r2_1="2,1,abc,a"), LONG, "row 11"),
    "infinity": (long_table(r2_1="2,1,inf,a"), LONG, "row 11"),
    "duplicate order": (long_table(r2_1="2,0,0.5,a"), LONG, "id=2"),
    "one target": (long_table().replace(",b\n", ",a\n"), LONG, "same value"),
    "class of one": (long_table().replace("29,0,2.9,b", "29,0,2.9,c").replace("29,1,3.9,b", "29,1,3.9,c")
                     .replace("29,2,4.9,b", "29,2,4.9,c").replace("29,3,5.9,b", "29,3,5.9,c"), LONG, "'c'"),
    "too few": (long_table(groups=3), LONG, "sequence"),
    "one step": (long_table() + "99,0,1.0,a\n", LONG, "id=99"),
    "missing target": (long_table(r2_1="2,1,0.5,"), LONG, "row 11"),
    "all missing": (long_table().replace(",a\n", ",\n").replace(",b\n", ",\n"), LONG, "'label' has no value"),
    "bad dates": ("when,y\n" + "".join(f"2020-13-{d:02d},{d}\n" for d in range(1, 60)),
                  ("--forecast", "y", "--order", "when"), "when"),
    "no question": (long_table(), (), "--target"),
    "two questions": (long_table(), (*LONG, "--forecast", "x"), "exclude"),
    "history too long": (long_table(), (*LONG, "--lengths", "40"), "1 to 3"),
    "history that cuts nothing": (long_table(), (*LONG, "--lengths", "4"), "cuts nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options", "says"), TABLES.values(), ids=TABLES)
def test_tables(tmp_path, text, options, says):
    refused(tmp_path, says, table(tmp_path, text), *options)


def test_binary_called_csv_and_broken_parquet(tmp_path):
    binary = tmp_path / "b.csv"
    binary.write_bytes(bytes(range(256)) * 20)
    refused(tmp_path, "b.csv", str(binary), *LONG)
    broken = tmp_path / "p.parquet"
    broken.write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    refused(tmp_path, "p.parquet", str(broken), *LONG)


def refused(tmp_path: Path, says: str, *arguments: str) -> None:
    """Exit code 2, one line on standard error that says what, and no run folder."""
    done = forked("compare", *arguments, "--out", str(tmp_path / "run"), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / "run" / "plan.toml").exists()


def test_folder_of_another_plan_and_folder_of_something_else(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(small_plan())
    before = folder.plan.read_bytes()
    done = forked("compare", "adding", "--out", str(folder.path))
    assert (done.returncode, folder.plan.read_bytes()) == (2, before)
    assert "another plan" in done.stderr
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_text("a cat")
    done = forked("compare", "adding", "--out", str(other))
    assert done.returncode == 2
    assert "something else" in done.stderr
    assert (other / "cat.jpg").read_text() == "a cat"
    assert [path.name for path in other.iterdir()] == ["cat.jpg"]
    done = forked("compare", "adding", "--out", str(other / "cat.jpg"))
    assert done.returncode == 2 and "is a file" in done.stderr


def test_report_of_no_run(tmp_path):
    done = forked("report", str(tmp_path))
    assert done.returncode == 2
    assert "not the folder of a run" in done.stderr


@pytest.mark.parametrize("damage", ["foreign", "truncated"])
def test_ledger_that_is_not_ours_or_truncated(tmp_path, damage):
    plan = small_plan()
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    if damage == "foreign":
        with sqlite3.connect(folder.ledger) as db:
            db.execute("CREATE TABLE mine (x)")
    else:
        folder.ledger.write_bytes(b"SQLite format 3\0" + b"\1" * 700)
    before = folder.ledger.read_bytes()
    done = forked("report", str(folder.path))
    assert done.returncode == 2
    assert "cannot be used" in done.stderr
    assert folder.ledger.read_bytes() == before


def test_no_write_permission(tmp_path):
    """As root, permissions do not bind; a file in the folder's place does."""
    (tmp_path / "taken").write_text("mine")
    done = forked("compare", "adding", "--out", str(tmp_path / "taken" / "run"))
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="a full disk needs root and mount")
def test_full_disk(tmp_path):
    """A real, tiny file system that fills up in mid-run: one line, exit code 2; with room again the run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system here: {mounted.stderr.decode().strip()}")
    try:
        arguments = ["compare", "parity", "--contenders", "rnn,lstm", "--lengths", "3", "--workers", "1"]
        full = carousel(*arguments, "--out", str(disk / "run"))
        assert full.returncode == 2, full.stderr
        assert "cannot" in full.stderr
        assert "Traceback" not in full.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        again = carousel(*arguments, "--out", str(disk / "run"))
        assert again.returncode == 0, again.stderr
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # it may be busy for a moment yet
