"""The ledger: claims are exclusive, what is done stays done, foreign and damaged files are refused, older runs too."""

from __future__ import annotations

import sqlite3

import pytest

from carousel.common.errors import FolderConflict
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.tuning import first_jobs
from tests.support.runs import small_plan


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.sqlite", create=True)
    opened.add(first_jobs(small_plan()))
    yield opened
    opened.close()


def test_jobs_are_entered_once(ledger):
    before = ledger.counts()
    ledger.add(first_jobs(small_plan()))
    assert ledger.counts() == before
    assert before["pending"] == 4 + 2 + 2  # tuning trials, initial flows, onsets


def test_two_connections_never_claim_the_same_job(ledger):
    other = Ledger(ledger.path)
    claimed = [one.claim(n) for n, one in enumerate([ledger, other] * 4)]
    assert len({entry.hash for entry in claimed}) == 8
    assert ledger.claim(9) is None
    other.close()


def test_longest_trials_come_first(ledger):
    kinds = []
    while entry := ledger.claim(1):
        kinds.append(entry.kind)
    assert kinds[:4] == ["trial"] * 4


def test_released_jobs_are_pending_again_and_done_ones_stay(ledger):
    done, lost = ledger.claim(11), ledger.claim(12)
    ledger.finish(done.hash, {"x": 0.1})
    ledger.release([12], died=True)
    ledger.release()
    assert ledger.counts() == {"pending": 7, "running": 0, "done": 1, "failed": 0}
    assert ledger.newly_done(set())[0].record == {"x": 0.1}
    assert ledger.newly_done({done.hash}) == []
    assert ledger.claim(13).hash == lost.hash


def test_a_job_that_kills_three_workers_is_failed_and_can_be_retried(ledger):
    first = ledger.claim(1)
    for _ in range(2):
        ledger.release([1], died=True)
        assert ledger.claim(1).hash == first.hash
    ledger.release([1], died=True)
    assert [e.hash for e in ledger.entries("failed")] == [first.hash]
    ledger.retry_failed()
    assert ledger.claim(1).hash == first.hash


def test_stopping_does_not_count_as_an_attempt(ledger):
    first = ledger.claim(1)
    for _ in range(5):
        ledger.release([1])
        assert ledger.claim(1).hash == first.hash
    ledger.release([1], died=True)
    assert ledger.counts()["failed"] == 0


def test_nan_never_enters_a_record(ledger):
    with pytest.raises(ValueError, match="JSON compliant"):
        ledger.finish(ledger.claim(1).hash, {"x": float("nan")})


def test_foreign_truncated_and_absent_ledgers_are_refused(tmp_path, ledger):
    with pytest.raises(FolderConflict, match="no ledger"):
        Ledger(tmp_path / "nothing.sqlite")
    foreign = sqlite3.connect(tmp_path / "foreign.sqlite")
    foreign.execute("CREATE TABLE jobs (hash TEXT)")
    foreign.commit()
    foreign.close()
    with pytest.raises(FolderConflict, match="not written by Carousel"):
        Ledger(tmp_path / "foreign.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database at all, just text that is long enough" * 40)
    with pytest.raises(FolderConflict, match="cannot be used"):
        Ledger(text)
    ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FolderConflict, match="cannot be used"):
        Ledger(ledger.path)
    assert ledger.path.read_bytes() == whole[: len(whole) // 2]


def test_a_run_of_an_older_version_is_refused_by_its_schema_number(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(small_plan())
    written = folder.plan.read_text()
    assert "schema_version = 2" in written
    folder.plan.write_text(written.replace("schema_version = 2", "schema_version = 1"))
    with pytest.raises(FolderConflict, match=r"another version of Carousel.*got: 1"):
        folder.load_plan()
