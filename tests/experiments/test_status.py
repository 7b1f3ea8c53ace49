"""`carousel status`: what it says of a run, and that the run notices nothing of it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from carousel.cli.status import status
from carousel.common.errors import FolderConflict
from carousel.experiments.progress_file import BEAT_SECONDS, ProgressFile, Sign, last_sign
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.run import Progress
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.status import status_of
from tests.support.forked import forked
from tests.support.runs import environment, small_plan

PLAN = small_plan()
ENDED = subprocess.Popen([sys.executable, "-c", ""])  # its number is nobody's when it was waited for
ENDED.wait()


def sign(**changes: object) -> Sign:
    """Of a command that is at it, on another machine."""
    told = {"at": time.time(), "host": "elsewhere", "process": 1, "seconds": 60.0, "expected": 40, "seconds_left": 90.0}
    return Sign.model_validate(told | {"nodes": {"elsewhere": 2, "other": 16}} | changes)


def write(folder: RunFolder, found: Sign) -> None:
    folder.write_json(folder.progress, found.model_dump(mode="json"))


@pytest.fixture
def run(tmp_path: Path) -> tuple[RunFolder, Ledger]:
    """A folder with some jobs done, one being done; its ledger is still open, as that of a command at work is."""
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(PLAN)
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(first_jobs(PLAN))
    trials = [entry for entry in ledger.entries() if entry.kind == "trial"]
    for score, entry in zip((0.5, 0.75), trials, strict=False):
        ledger.finish(entry.hash, {"trial": {"validation_score": score}})
    first = ledger.first_pending()
    assert first is not None
    ledger.claim(os.getpid(), first)
    return folder, ledger


def state_of(folder: Path) -> dict[str, str]:
    """Every file but the index of the write-ahead log, which is memory that readers share."""
    files = (p for p in folder.iterdir() if not p.name.endswith("-shm"))
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_it_tells_what_the_ledger_and_the_command_know(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    write(folder, sign())
    found = status_of(folder.path)
    assert (found.state, found.expected, found.seconds_left) == ("running", 40, 90.0)
    assert (found.counts["done"], found.counts["running"], found.counts["failed"]) == (2, 1, 0)
    assert (
        found.best is not None and found.best["score"] == "0.750" and found.best["contender"] in ("rnn", "lstm:chrono")
    )
    assert found.nodes == {"elsewhere": 2, "other": 16}
    assert found.last_finished is not None and 0 <= time.time() - found.last_finished < 60
    ledger.close()


@pytest.mark.parametrize(("changes", "state"), [
    ({}, "running"),
    ({"at": time.time() - 300}, "quiet"),
    ({"host": platform.node(), "process": ENDED.pid}, "stopped"),
    ({"host": platform.node(), "process": os.getpid()}, "running"),
    ({"ended": "stopped"}, "stopped"),
    ({"ended": "failed"}, "failed"),
    ({"ended": "done"}, "done"),
])  # fmt: skip
def test_the_state_is_that_of_the_command(
    run: tuple[RunFolder, Ledger], changes: dict[str, object], state: str
) -> None:
    folder, ledger = run
    write(folder, sign(**({"at": time.time()} | changes)))
    found = status_of(folder.path)
    assert found.state == state
    assert (found.seconds_left is None, found.nodes == {}) == ((state not in ("running", "quiet"),) * 2)
    ledger.close()


def test_a_run_whose_command_left_no_sign_is_told_from_its_ledger(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    ledger.close()
    found = status_of(folder.path)
    assert (found.state, found.expected, found.seconds_left) == ("unknown", len(list(first_jobs(PLAN))), None)


def test_a_run_in_the_middle_of_writing_is_read_and_stays_as_it_is(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    write(folder, sign())
    writer = sqlite3.connect(folder.ledger, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE jobs SET state='done' WHERE state='running'")
    before, began = state_of(folder.path), time.monotonic()
    assert status_of(folder.path).counts["running"] == 1  # what is not committed is not told
    assert time.monotonic() - began < 5  # the reader waits for no writer
    assert state_of(folder.path) == before
    writer.execute("COMMIT")  # and no writer for the reader
    writer.close()
    assert Ledger(folder.ledger).counts()["running"] == 0
    ledger.close()


def test_a_run_at_rest_gets_no_file(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    ledger.close()
    before = state_of(folder.path)
    status_of(folder.path)
    assert state_of(folder.path) == before and not list(folder.path.glob("*-shm"))


def test_a_ledger_opened_to_be_read_cannot_be_written(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    reader = Ledger(folder.ledger, read_only=True)
    with pytest.raises(FolderConflict, match="cannot write"):
        reader.retry_failed()
    reader.close()
    ledger.close()


def progress(**changes: object) -> Progress:
    counts = {"pending": 3, "running": 1, "done": 2, "failed": 0}
    told = {"counts": counts, "expected": 9, "newly_done": [], "seconds": 5.0, "share_before": 0.0, "share": 0.5}
    return Progress(**(told | {"nodes": {"here": 2}} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "ended"), [(None, "done"), (KeyboardInterrupt, "stopped"), (RuntimeError, "failed")])
def test_the_command_leaves_a_sign_and_how_it_ended(
    tmp_path: Path, error: type[BaseException] | None, ended: str
) -> None:
    folder = RunFolder(tmp_path)
    caught: BaseException | None = None
    try:
        with ProgressFile(folder) as told:
            told.show(progress())
            first = last_sign(folder)
            told.show(progress(expected=11))  # too soon to be written
            assert last_sign(folder) == first and BEAT_SECONDS > 1
            if error is not None:
                raise error
    except BaseException as found:
        caught = found
    assert caught is None if error is None else type(caught) is error
    assert first is not None and (first.expected, first.seconds_left, first.ended) == (9, 5.0, None)
    last = last_sign(folder)
    assert last is not None and (last.expected, last.ended, last.nodes) == (11, ended, {"here": 2})
    assert (last.host, last.process) == (platform.node(), os.getpid())


def test_the_folder_names_a_machine_that_gets_no_more_work_and_what_to_do(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with ProgressFile(folder) as told:
        told.show(progress(left_out={"w-2": 5}))
    last = last_sign(folder)
    assert last is not None and last.left_out["w-2"].services == 5
    said = json.loads(folder.progress.read_text())["left_out"]["w-2"]["said"]
    assert said.startswith("node w-2 gets no more work: Ray was lost there 5 times in a row") and "Mend it" in said


@pytest.mark.parametrize(("lang", "says"), [("en", "node w-2 gets no more work"), ("zh", "节点 w-2 不再分到工作")])
def test_the_status_names_it_too_also_when_its_command_has_ended(
    run: tuple[RunFolder, Ledger], capsys: pytest.CaptureFixture[str], lang: str, says: str
) -> None:
    folder, ledger = run
    write(folder, sign(ended="failed", left_out={"w-2": {"services": 5, "said": "as above"}}))
    assert status_of(folder.path).left_out == {"w-2": 5}
    status(folder.path, False, lang)
    assert sum(line.startswith(says) for line in capsys.readouterr().out.splitlines()) == 1
    ledger.close()


def test_what_ended_the_command_is_not_hidden_by_a_folder_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(RuntimeError, match="the first"), ProgressFile(RunFolder(tmp_path / "run")) as told:
        told.show(progress())
        (tmp_path / "run").rename(tmp_path / "moved")
        raise RuntimeError("the first")


@pytest.mark.parametrize(("lang", "says"), [("en", "2/40 jobs done, 1 being done"), ("zh", "已完成 2/40 个作业")])
def test_the_command_says_it_in_words(run: tuple[RunFolder, Ledger], lang: str, says: str) -> None:
    folder, ledger = run
    write(folder, sign())
    done = forked("status", str(folder.path), "--lang", lang)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 7 and says in lines[1] and "1m30s" in lines[2] and "0.750" in lines[3]
    assert "elsewhere" in lines[4] and "16" in lines[5]
    ledger.close()


def test_the_command_says_it_as_json(run: tuple[RunFolder, Ledger]) -> None:
    folder, ledger = run
    write(folder, sign())
    done = forked("status", str(folder.path), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "") and found["counts"]["done"] == 2 and found["state"] == "running"
    assert found["nodes"] == {"elsewhere": 2, "other": 16} and found["sign"]["host"] == "elsewhere"
    ledger.close()


@pytest.mark.parametrize(("damage", "says"), [
    ("nowhere", "it holds no plan.toml"),
    ("no ledger", "no ledger at"),
    ("progress", "cannot read"),
    ("ledger", "cannot be used"),
])  # fmt: skip
def test_a_folder_that_cannot_be_read_is_one_line(run: tuple[RunFolder, Ledger], damage: str, says: str) -> None:
    folder, ledger = run
    ledger.close()
    match damage:
        case "nowhere":
            folder.plan.unlink()
        case "no ledger":
            folder.ledger.unlink()
        case "progress":
            folder.progress.write_text('{"at": "soon"}')
        case "ledger":
            folder.ledger.write_bytes(b"nothing of SQLite" * 500)
    done = forked("status", str(folder.path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and says in done.stderr


def test_it_needs_no_torch() -> None:
    code = "import sys, carousel.cli.status; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
