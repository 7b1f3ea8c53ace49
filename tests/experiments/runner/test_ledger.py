"""The ledger: claims are exclusive, what is done stays done, foreign and damaged files are refused, older runs too."""

from __future__ import annotations

import sqlite3

import pytest

from carousel.common.error_words import line_in
from carousel.common.errors import CarouselError, FolderConflict
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.run import _refuse_failed
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import TaskSource, Trial
from carousel.experiments.training.rules import Race
from tests.support.runs import small_plan


def claim(ledger: Ledger, worker: int) -> Entry | None:
    """The first pending job, alone."""
    first = ledger.first_pending()
    return ledger.claim(worker, first)[0] if first else None


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
    claimed = [claim(one, n) for n, one in enumerate([ledger, other] * 4)]
    assert len({entry.hash for entry in claimed}) == 8
    assert claim(ledger, 9) is None
    other.close()


def test_longest_trials_come_first(ledger):
    kinds = []
    while entry := claim(ledger, 1):
        kinds.append(entry.kind)
    assert kinds[:4] == ["trial"] * 4


def test_released_jobs_are_pending_again_and_done_ones_stay(ledger):
    done, lost = claim(ledger, 11), claim(ledger, 12)
    ledger.finish(done.hash, {"x": 0.1})
    ledger.release([12], died=True)
    ledger.release()
    assert ledger.counts() == {"pending": 7, "running": 0, "done": 1, "failed": 0}
    assert ledger.newly_done(set())[0].record == {"x": 0.1}
    assert ledger.newly_done({done.hash}) == []
    assert claim(ledger, 13).hash == lost.hash


def test_a_job_that_kills_three_workers_is_failed_and_can_be_retried(ledger):
    first = claim(ledger, 1)
    for _ in range(2):
        ledger.release([1], died=True)
        assert claim(ledger, 1).hash == first.hash
    ledger.release([1], died=True)
    assert [e.hash for e in ledger.entries("failed")] == [first.hash]
    ledger.retry_failed()
    assert claim(ledger, 1).hash == first.hash


@pytest.mark.parametrize(("memory", "said"), [
    (False, "its worker process died 3 times"),
    (True, "its worker process died 3 times, the last time killed for lack of memory: give it more, or fewer --work"),
])  # fmt: skip
def test_a_failed_job_tells_what_its_workers_died_of(ledger, memory, said):
    for _ in range(3):
        claim(ledger, 1)
        ledger.release([1], died=True, memory=memory)
    (failed,) = ledger.entries("failed")
    assert failed.error.startswith(said) and ("memory" in failed.error) == memory
    with pytest.raises(CarouselError) as caught:
        _refuse_failed(ledger)
    line = line_in(caught.value, "zh")
    assert line.startswith(f"1 个作业失败，第一个（{failed.hash}）的原因：工作进程在它上面中断了 3 次")
    assert ("因内存不足被终止：请增加内存" in line) == memory


def test_stopping_does_not_count_as_an_attempt(ledger):
    first = claim(ledger, 1)
    for _ in range(5):
        ledger.release([1])
        assert claim(ledger, 1).hash == first.hash
    ledger.release([1], died=True)
    assert ledger.counts()["failed"] == 0


def test_nan_never_enters_a_record(ledger):
    with pytest.raises(ValueError, match="JSON compliant"):
        ledger.finish(claim(ledger, 1).hash, {"x": float("nan")})


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
    assert "schema_version = 3" in written
    folder.plan.write_text(written.replace("schema_version = 3", "schema_version = 2"))
    with pytest.raises(FolderConflict, match=r"another version of Carousel.*got: 2"):
        folder.load_plan()


def shapes_of(entries: list[Entry]) -> list[str]:
    return [Trial.model_validate(entry.description).shape for entry in entries]


def group(ledger: Ledger, worker: int, most: int = 32, workers: int = 1) -> list[Entry]:
    first = ledger.first_pending()
    return ledger.claim(worker, first, most, workers) if first else []


def test_a_group_is_of_one_shape_and_no_larger_than_asked_for(ledger):
    """Four tuning trials: two contenders of two cells, each with two rates."""
    one, other = group(ledger, 1), group(ledger, 2)
    assert len(one) == len(other) == 2
    assert len(set(shapes_of(one))) == len(set(shapes_of(other))) == 1
    assert shapes_of(one) != shapes_of(other)
    assert {len(group(ledger, 3)) for _ in range(4)} == {1}  # flows and onsets are done alone
    assert ledger.first_pending() is None
    ledger.release()
    assert len(group(ledger, 1, most=1)) == 1


def test_seeds_rates_phases_and_initialisations_may_differ_in_a_group_and_nothing_else(tmp_path):
    (first, *_) = _trials(small_plan())
    alike = [
        first.model_copy(update=update)
        for update in (
            {"seed": 7}, {"learning_rate": 0.5}, {"phase": "reporting"},
            {"contender": first.contender.model_copy(update={"init": "orthogonal", "spec": "rnn:orthogonal"})},
        )
    ]  # fmt: skip
    unlike = [
        first.model_copy(update=update)
        for update in (
            {"length": 9}, {"kernel": "torch"}, {"source": TaskSource(name="adding")},
            {"training": first.training.model_copy(update={"steps": 41})},
            *({"contender": first.contender.model_copy(update=u)}
              for u in ({"cell": "gru"}, {"hidden": 9}, {"layers": 2})),
        )
    ]  # fmt: skip
    ledger = Ledger(tmp_path / "ledger.sqlite", create=True)
    ledger.add((-1.0, trial) for trial in (first, *alike, *unlike))
    named = next(entry for entry in ledger.entries() if entry.hash == first.digest())
    claimed = ledger.claim(1, named, 32)
    assert {entry.hash for entry in claimed} == {trial.digest() for trial in (first, *alike)}
    assert claimed[0].hash == first.digest()  # the one that was asked for comes first
    ledger.close()


def _trials(plan):
    return [job for _, job in first_jobs(plan) if isinstance(job, Trial)]


def test_a_transformers_positions_are_part_of_its_shape():
    (trial,) = _trials(small_plan(contenders="rnn,transformer"))[-1:]
    assert trial.contender.cell == "transformer"
    other = trial.model_copy(update={"contender": trial.contender.model_copy(update={"init": "learned"})})
    assert trial.shape != other.shape


def test_no_worker_takes_more_than_its_share_of_what_is_left(tmp_path):
    (first, *_) = _trials(small_plan())
    ledger = Ledger(tmp_path / "ledger.sqlite", create=True)
    ledger.add((-2.0, first.model_copy(update={"seed": seed})) for seed in range(12))
    assert len(group(ledger, 1, workers=4)) == 3  # a quarter of twelve
    assert len(group(ledger, 2, workers=4)) == 3  # of all that is not done: who has taken one goes on having it
    assert len(group(ledger, 3, workers=2)) == 6
    assert group(ledger, 4) == []
    for entry in ledger.entries("running"):
        ledger.finish(entry.hash, {})
    ledger.add((-2.0, first.model_copy(update={"seed": seed})) for seed in range(12, 15))
    assert len(group(ledger, 1, workers=8)) == 1  # one at least
    ledger.close()


@pytest.mark.parametrize(("most", "taken"), [(12, 12), (13, 12), (17, 12), (18, 18), (24, 24), (5, 5), (6, 6)])
def test_a_race_is_not_begun_where_there_is_no_room_for_it(tmp_path, most, taken):
    """Its trials end by each other. A first race that is larger than the room is taken as far as that goes."""
    (trial, *_) = _trials(small_plan(contenders="rnn:orthogonal"))
    specs = [trial.contender.model_copy(update={"spec": spec}) for spec in ("rnn", "rnn:orthogonal")]
    jobs = [
        trial.model_copy(update={"contender": spec, "learning_rate": rate, "seed": seed, "race": race})
        for spec in specs
        for race in (Race(number=0, rates=2, seeds=3), Race(number=1, rates=2, seeds=3))
        for rate in (0.01 + race.number, 0.03 + race.number)
        for seed in range(3)
    ]
    assert len(jobs) == 24
    ledger = Ledger(tmp_path / "ledger.sqlite", create=True)
    ledger.add((-1.0, job) for job in jobs)
    claimed = group(ledger, 1, most=most)
    assert {entry.hash for entry in claimed} == {job.digest() for job in jobs[:taken]}
    ledger.close()


def test_who_comes_second_to_a_job_gets_nothing(ledger):
    first = ledger.first_pending()
    assert len(ledger.claim(1, first, 32)) == 2
    assert ledger.claim(2, first, 32) == []


def test_a_group_taken_apart_is_tried_one_by_one_and_has_cost_no_worker(ledger):
    whole = group(ledger, 1)
    done, *left = whole
    ledger.finish(done.hash, {"x": 1})
    ledger.take_apart([entry.hash for entry in left])
    assert ledger.counts()["done"] == 1
    again = group(ledger, 1)
    assert [entry.hash for entry in again] == [left[0].hash]
    for _ in range(2):  # it is failed for the third death, as any job is
        ledger.release([1], died=True)
        assert [entry.hash for entry in group(ledger, 1)] == [left[0].hash]
    ledger.release([1], died=True)
    assert [entry.hash for entry in ledger.entries("failed")] == [left[0].hash]


def test_a_group_that_cost_two_workers_is_tried_one_by_one(ledger):
    whole = group(ledger, 1)
    ledger.release([1], died=True)
    assert group(ledger, 1) == whole
    ledger.release([1], died=True)
    one, other = group(ledger, 1), group(ledger, 2)
    assert [[entry.hash] for entry in whole] == [[entry.hash for entry in each] for each in (one, other)]
    ledger.finish(one[0].hash, {"x": 1})
    ledger.release([2], died=True)
    assert [entry.hash for entry in ledger.entries("failed")] == [other[0].hash]  # the guilty one alone


def begun_earlier(path, done: int) -> list[Entry]:
    """A ledger as it was before jobs had shapes, with so many of its eight jobs done."""
    ledger = Ledger(path, create=True)
    ledger.add(first_jobs(small_plan()))
    entries = ledger.entries()
    for entry in entries[:done]:
        ledger.finish(entry.hash, {"x": 1})
    ledger._db.execute("ALTER TABLE jobs DROP COLUMN shape")
    ledger.close()
    return entries


@pytest.mark.parametrize("done", [0, 7])
def test_a_run_begun_by_an_earlier_version_is_not_continued(tmp_path, done):
    """Its training rounded differently, and no comparison may mix the two."""
    path = tmp_path / "ledger.sqlite"
    begun_earlier(path, done)
    before = path.read_bytes()
    with pytest.raises(FolderConflict, match=r"begun by an earlier version.*give another --out") as caught:
        Ledger(path, create=True)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    reading = Ledger(path)  # what is done can be read
    assert len(reading.entries("done")) == done
    reading.close()


def test_a_run_finished_by_an_earlier_version_is_read_and_gets_no_new_jobs(tmp_path):
    path = tmp_path / "ledger.sqlite"
    entries = begun_earlier(path, 8)
    ledger = Ledger(path, create=True)
    ledger.release()
    ledger.retry_failed()
    ledger.add(first_jobs(small_plan()))  # all there: nothing is entered
    assert len(ledger.newly_done(set())) == len(entries) == 8
    with pytest.raises(FolderConflict, match="begun by an earlier version"):
        ledger.add(first_jobs(small_plan(contenders="gru")))
    assert ledger.counts() == {"pending": 0, "running": 0, "done": 8, "failed": 0}
    ledger.close()
