"""A worker that is killed, or a trial that raises, half-way through a group: what had finished stays, nothing else is
lost, and the numbers are those of a run left alone."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.runner import worker
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.grouping import most_to_claim, most_together
from carousel.experiments.runner.jobs import do_jobs
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import FileSource, Trial
from tests.support.runs import environment, numbers, small_plan

RUN = """
import sys
from pathlib import Path
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan
folder = RunFolder(Path(sys.argv[1]))
plan = folder.load_plan()
with folder.locked():
    run_plan(plan, folder, 1, lambda progress: None)
"""


def start(folder: RunFolder) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(folder.path)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def to_its_end(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()


def half_way(ledger: Ledger) -> tuple[int, list[Entry]] | None:
    """A worker and what it has finished of a group of which it has not finished all; None where there is none now."""
    query = (
        "SELECT worker, hash FROM jobs AS a WHERE state='done' AND shape IS NOT NULL AND EXISTS "
        "(SELECT * FROM jobs WHERE state='running' AND worker=a.worker AND shape=a.shape AND started=a.started)"
    )
    rows = ledger._db.execute(query).fetchall()
    done = {name for _, name in rows}
    return (rows[0][0], [e for e in ledger.entries("done") if e.hash in done]) if rows else None


@pytest.mark.slow
def test_a_group_killed_half_way_keeps_what_had_finished(tmp_path: Path) -> None:
    plan = small_plan(steps=120, contenders="rnn", seeds=6)
    alone, folder = RunFolder(tmp_path / "alone"), RunFolder(tmp_path / "run")
    for each in (alone, folder):
        each.claim_for(plan)
    to_its_end(start(alone))
    process, ledger, kept = start(folder), None, dict[str, Any]()
    kills, deadline = 0, time.monotonic() + 120
    while kills < 3 and process.poll() is None:
        assert time.monotonic() < deadline, "no group was ever half-way"
        if ledger is None:
            ledger = Ledger(folder.ledger) if _made(folder) else None
        elif found := half_way(ledger):
            pid, finished = found
            assert kept.items() <= {e.hash: e.record for e in ledger.entries("done")}.items()
            os.kill(pid, signal.SIGKILL)
            kills += 1
            kept |= {entry.hash: entry.record for entry in finished}
            _until_given_back(ledger, pid)
        time.sleep(0.002)
    assert kills
    assert ledger is not None
    to_its_end(process)
    done = {entry.hash: entry.record for entry in ledger.entries("done")}
    assert kept.items() <= done.items()  # not trained again: even their seconds are the same
    ledger.close()
    assert numbers(folder.path) == numbers(alone.path)


def _made(folder: RunFolder) -> bool:
    return folder.ledger.exists() and folder.ledger.stat().st_size > 0 and folder.environment.parent.exists()


def _until_given_back(ledger: Ledger, pid: int) -> None:
    deadline = time.monotonic() + 30
    while ledger._db.execute("SELECT COUNT(*) FROM jobs WHERE state='running' AND worker=?", (pid,)).fetchone()[0]:
        assert time.monotonic() < deadline, "a dead worker's jobs were not given back"
        time.sleep(0.01)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[tuple[Plan, RunFolder, Ledger]]:
    """A run of which nothing is done; two trials of one shape come first."""
    plan, folder = small_plan(steps=20, contenders="rnn"), RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(first_jobs(plan))
    yield plan, folder, ledger
    ledger.close()


def work_once(folder: RunFolder, ledger: Ledger) -> list[Entry]:
    first, sources = ledger.first_pending(), Sources(folder)
    assert first is not None
    entries = ledger.claim(1, first, most_to_claim(first, sources))
    worker._work(entries, folder, ledger, sources)
    return entries


def test_each_job_of_a_group_is_stored_with_its_own_tables(begun: tuple[Plan, RunFolder, Ledger]) -> None:
    _, folder, ledger = begun
    entries = work_once(folder, ledger)
    assert len(entries) == 2
    for entry in entries:
        (stored,) = (e for e in ledger.entries("done") if e.hash == entry.hash)
        assert stored.record is not None
        assert stored.record["trial"]["steps"] == 20
        assert folder.curves(entry.hash).is_file()


def test_only_the_guilty_of_a_group_fails(
    begun: tuple[Plan, RunFolder, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that raises is taken apart; alone, the innocent finishes."""
    _, folder, ledger = begun
    guilty = ledger.first_pending().hash  # the first to be stored: the other is left with it

    def raising(descriptions: list[dict[str, Any]], *rest: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, record in do_jobs(descriptions, *rest):
            if name == guilty:
                raise RuntimeError("planted")
            yield name, record

    monkeypatch.setattr(worker, "do_jobs", raising)
    together = work_once(folder, ledger)
    assert len(together) == 2
    assert ledger.counts()["failed"] == 0
    while guilty not in [entry.hash for entry in ledger.entries("failed")]:
        assert len(work_once(folder, ledger)) == 1
    (failed,) = ledger.entries("failed")
    assert "planted" in (failed.error or "")
    innocent = next(entry.hash for entry in together if entry.hash != guilty)
    while ledger.first_pending() and innocent not in [entry.hash for entry in ledger.entries("done")]:
        work_once(folder, ledger)
    assert innocent in [entry.hash for entry in ledger.entries("done")]


def test_a_job_whose_task_cannot_be_made_fails_with_the_reason(
    begun: tuple[Plan, RunFolder, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many go together is asked before the job is claimed; what is wrong with its task must not end the worker."""
    _, folder, ledger = begun

    def refusing(*_: Any) -> None:
        raise ValueError("no such task")

    monkeypatch.setattr(Sources, "task", refusing)
    assert len(work_once(folder, ledger)) == 1
    (failed,) = ledger.entries("failed")
    assert "no such task" in (failed.error or "")


def test_how_many_go_together_is_bounded_by_memory() -> None:
    plan = small_plan(contenders="rnn,transformer")
    jobs = [job for _, job in first_jobs(plan)]
    sources = Sources(None)

    def most(job: Any, **update: Any) -> int:
        return most_together(job.model_copy(update=update).model_dump(mode="json"), sources)

    trials = {job.contender.cell: job for job in jobs if job.kind == "trial"}
    assert most(trials["rnn"]) == 32
    assert most(trials["rnn"], length=4096, training=plan.training.model_copy(update={"batch_size": 64})) < 32
    assert most(trials["rnn"], length=4096, training=plan.training.model_copy(update={"batch_size": 2**14})) == 1
    assert most(trials["transformer"]) == 1
    assert most(trials["rnn"].model_copy(update={"kernel": "reference"})) == 32  # in turn, as one group all the same
    assert {most(job) for job in jobs if job.kind != "trial"} == {1}


def test_trials_with_a_split_each_are_fewer_the_larger_the_file(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [n // 4 for n in range(400)], "t": [n % 4 for n in range(400)], "x": [0.5] * 400,
                          "label": ["ab"[n // 4 % 2] for n in range(400)]})  # fmt: skip
    frame.write_csv(tmp_path / "table.csv")
    data = prepare(tmp_path / "table.csv", DataOptions(target="label", group="id", order="t"))
    large = dataclasses.replace(data, x=np.broadcast_to(data.x[:1], (2**24, data.x.shape[1])).copy())
    source = FileSource(name="table", file="table.csv", sha256="", splits="by-seed")
    tuning = next(job for _, job in first_jobs(small_plan()) if isinstance(job, Trial))
    about = {"source": source, "length": 0, "seed": 100}
    for prepared, phase, most in ((data, "reporting", 32), (large, "tuning", 32), (large, "reporting", 2)):
        job = tuning.model_copy(update=about | {"phase": phase})
        assert most_together(job.model_dump(mode="json"), Sources.of(prepared)) == most
