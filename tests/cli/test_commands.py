"""The commands as a person gives them: what is printed, what is imported, what lies in the folder."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from carousel.experiments.claims import ids
from carousel.experiments.runner.ledger import Ledger
from tests.support.forked import forked
from tests.support.runs import carousel, command, environment, numbers

QUICK = ("compare", "parity", "--contenders", "rnn,lstm:chrono,gru", "--lengths", "4", "--workers", "2")


def test_help_never_imports_torch():
    code = (
        "import sys; from carousel.cli.app import app; from carousel.cli.ending import exit_code; "
        "sys.argv = ['carousel', '--help']; assert exit_code(app) == 0; "
        "heavy = {'torch', 'polars', 'numpy', 'scipy', 'altair'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert "compare" in done.stdout
    assert "cell[:init][,layers=N]" in done.stdout


@pytest.mark.slow
def test_contender_syntax_is_in_the_help_of_compare():
    assert "cell[:init][,layers=N]" in forked("compare", "--help").stdout


@pytest.mark.parametrize(("what", "key", "some"), [
    ("tasks", "name", {"delayed-recall", "adding", "copy-memory", "temporal-order", "parity"}),
    ("contenders", "name", {"rnn", "rnn:orthogonal", "lstm", "lstm:forget-bias-1", "lstm:chrono", "gru"}),
    ("claims", "id", {"vanishing", "exploding", "length", "gates", "generalisation", "stacking", "attention"}),
])  # fmt: skip
def test_listings(what, key, some):
    rows = json.loads(forked(what, "--json").stdout)
    assert some <= {row[key] for row in rows}
    lines = forked(what).stdout.splitlines()
    assert len(lines) == len(rows)


@pytest.mark.slow
def test_dry_run_trains_nothing_and_writes_nothing(tmp_path):
    done = forked("compare", "adding", "--lengths", "10", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "at most" in done.stdout
    assert list(tmp_path.iterdir()) == []
    plan = json.loads(forked("compare", "adding", "--lengths", "10", "--dry-run", "--json").stdout)
    assert plan["trials"] == 5 * (2 * 3 + 6)
    assert plan["grown_seconds"] > plan["longest_seconds"] > 0  # grids may go on


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("cli") / "run"
    return folder, carousel(*QUICK, "--out", str(folder))


@pytest.mark.slow
def test_run_folder(run):
    folder, done = run
    assert done.returncode == 0, done.stderr
    for name in ("plan.toml", "ledger.sqlite", "environment.json", "verdicts.json", "report.html", "report.md"):
        assert (folder / name).is_file(), name
    assert list(folder.glob("figures/*.svg"))
    with (folder / "tables" / "contenders.csv").open() as stream:
        rates = [int(row["rates_tried"]) for row in csv.DictReader(stream)]
    assert min(rates) >= 3
    assert len(list(folder.glob("trials/*.parquet"))) == sum(tried * 3 + 6 for tried in rates)
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert verdicts["schema"] == 3
    assert [claim["id"] for claim in verdicts["claims"]] == list(ids())
    for claim in verdicts["claims"]:
        assert claim["verdict"] in {"supported", "refuted", "conditional", "inconclusive", "not-tested"}
        assert all((folder / path).is_file() for path in claim["evidence"]), claim["id"]
    kernels = json.loads((folder / "environment.json").read_text())["kernels"]["parity"]
    assert {entry["kernel"] for entry in kernels.values()} == {"numba"}
    assert not list(folder.rglob("*.pkl"))


@pytest.mark.slow
def test_same_command_again_trains_nothing_and_says_so(run):
    folder, _ = run
    before = numbers(folder)
    done = forked(*QUICK, "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert "nothing is trained again" in done.stdout
    assert numbers(folder) == before


@pytest.mark.slow
def test_the_printed_summary_is_short_and_its_numbers_lie_in_the_folder(run):
    folder, done = run
    lines = done.stdout.splitlines()
    summary = lines[next(k for k, line in enumerate(lines) if line.startswith("took ")) + 1 :]
    assert 8 < len(summary) <= 25 and summary[-1] == f"report: {folder / 'report.html'}"
    advised = json.loads((folder / "verdicts.json").read_text())["recommended"]
    with (folder / "tables" / "contenders.csv").open() as stream:
        stored = {row["contender"]: (int(row["solved"]), int(row["trials"])) for row in csv.DictReader(stream)}
    solved, n = stored.get(advised, (0, 0))
    told = f"in all {n} trainings" if solved == n else f"in {solved} of {n} trainings"
    assert (told if advised else "Use no network") in " ".join(summary)


@pytest.mark.slow
def test_report_without_torch_on_a_moved_folder(run, tmp_path):
    import shutil

    folder, _ = run
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    (moved / "report.html").unlink()
    code = (
        "import sys; from carousel.cli.app import app; from carousel.cli.ending import exit_code; "
        f"sys.argv = ['carousel', 'report', {str(moved)!r}, '--json']; code = exit_code(app); "
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["claims"] == json.loads((folder / "verdicts.json").read_text())["claims"]
    assert (moved / "report.html").is_file()


@pytest.mark.slow
def test_best_rebuilds_the_advised_contender_or_the_best_of_those_compared(run):
    import torch

    from carousel import load_best, load_evidence

    folder, _ = run
    verdicts = json.loads((folder / "verdicts.json").read_text())
    network, task = load_best(str(folder / "best"))  # as the guide writes it
    about = json.loads((folder / "best" / "contender.json").read_text())
    assert verdicts["recommended"] in (None, about["contender"]["spec"])
    for name in ("README.md", "README.zh.md"):
        assert about["contender"]["spec"] in (folder / "best" / name).read_text(encoding="utf-8")
    test = task.held_out("test")
    with torch.no_grad():
        assert task.score(network(test.x), test) == about["score"]
    assert about["trial"] in load_evidence(str(folder)).trials["trial"].to_list()


def finished(folder):
    ledger = Ledger(folder / "ledger.sqlite")
    try:
        return ledger.counts()["done"]
    finally:
        ledger.close()


@pytest.mark.slow
def test_ctrl_c_finishes_cleanly_and_a_plan_run_anew_goes_on_to_the_same_numbers(run, tmp_path):
    whole, _ = run
    folder = tmp_path / "run"
    anew = ("compare", "--plan", str(whole / "plan.toml"), "--workers", "2", "--out", str(folder))
    process = subprocess.Popen(
        command(*anew), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob("trials/*.parquet")) or not finished(folder):  # its files come before its record
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Go on with the same command" in out
    assert "Traceback" not in error
    ledger = Ledger(folder / "ledger.sqlite")
    assert ledger.counts()["running"] == 0
    ledger.close()
    again = carousel(*anew)
    assert again.returncode == 0, again.stderr
    assert "continuing" in again.stdout
    assert numbers(folder) == numbers(whole)


def test_a_plan_and_a_wish_exclude_each_other(tmp_path):
    done = forked("compare", "adding", "--plan", str(tmp_path))
    assert done.returncode == 2
    assert "--plan holds every option already" in done.stderr


@pytest.mark.slow
def test_two_commands_do_not_share_a_folder(run):
    folder, _ = run
    hold = (
        "import sys, time; from pathlib import Path; from carousel.experiments.runner.folder import RunFolder\n"
        f"with RunFolder(Path({str(folder)!r})).locked():\n    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True, env=environment())
    assert holder.stdout.readline() == "held\n"
    done = forked(*QUICK, "--out", str(folder))
    holder.kill()
    holder.communicate()
    assert done.returncode == 2
    assert "another command" in done.stderr
