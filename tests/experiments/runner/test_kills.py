"""Real processes, really killed: nothing is lost, nothing is done twice, the numbers are those of a run left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from tests.support.runs import environment, numbers, small_plan

RUN = """
import sys
from pathlib import Path
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan
folder = RunFolder(Path(sys.argv[1]))
plan = folder.load_plan()
with folder.locked():
    run_plan(plan, folder, 2, lambda progress: None)
"""
KILLS = 50


def start(folder: RunFolder) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(folder.path)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def finished(folder: RunFolder) -> dict[str, str]:
    """Done jobs and their records, as stored."""
    if not folder.ledger.exists():
        return {}
    ledger = Ledger(folder.ledger)
    try:
        return {entry.hash: repr(entry.record) for entry in ledger.entries("done")}
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def plan():
    return small_plan(steps=300, contenders="rnn,lstm:chrono,lstm-1997", seeds=4)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, plan):
    folder = RunFolder(tmp_path_factory.mktemp("undisturbed") / "run")
    folder.claim_for(plan)
    process = start(folder)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()
    return folder


@pytest.mark.slow
def test_fifty_random_kills(tmp_path, plan, undisturbed):
    """kill -9 of a worker or of the whole command, at random moments, until fifty have fallen; then to the end."""
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    chance = random.Random(20261123)
    kept: dict[str, str] = {}
    kills, process = 0, start(folder)
    while kills < KILLS:
        time.sleep(chance.uniform(0.05, 1.6))
        if process.poll() is not None:
            assert process.returncode in (0, -signal.SIGKILL), process.stderr.read().decode()
            process.stderr.close()
            process = start(folder)
            continue
        workers = workers_of(process)
        if workers and chance.random() < 0.6:
            _kill(chance.choice(workers))
        else:
            process.kill()
            process.wait()
        kills += 1
        now = finished(folder)
        assert kept.items() <= now.items()  # what was done is done, with the same numbers
        kept = now
        if kills % 10 == 0:
            _begin_anew_if_complete(folder, kept, len(finished(undisturbed)))
    process.kill()
    process.wait()
    process.stderr.close()
    last = start(folder)
    _, said = last.communicate(timeout=300)
    assert last.returncode == 0, said.decode()
    assert numbers(folder.path) == numbers(undisturbed.path)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended by itself between being listed and now
        return


def _begin_anew_if_complete(folder: RunFolder, kept: dict[str, str], whole: int) -> None:
    """Kills of a finished run prove nothing: take a third of the jobs back, as if they had never been done."""
    if len(kept) < whole:
        return
    ledger = Ledger(folder.ledger)
    for job in sorted(kept)[::3]:
        ledger._db.execute("UPDATE jobs SET state='pending', record=NULL, attempts=0 WHERE hash=?", (job,))
        del kept[job]
    ledger.close()


@pytest.mark.slow
def test_workers_die_with_the_command(tmp_path, plan):
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    process = start(folder)
    workers = _wait_for(lambda: workers_of(process))
    process.kill()
    process.wait()
    process.stderr.close()
    _wait_for(lambda: not any(_alive(pid) for pid in workers))


@pytest.mark.slow
def test_finished_trials_are_never_trained_again(undisturbed):
    before = {p: p.stat().st_mtime_ns for p in undisturbed.path.rglob("*.parquet")}
    process = start(undisturbed)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    assert before == {p: p.stat().st_mtime_ns for p in undisturbed.path.rglob("*.parquet")}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for(condition, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found
