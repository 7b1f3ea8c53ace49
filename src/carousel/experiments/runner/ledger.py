"""The ledger: which jobs there are, which are done, and their numbers. SQLite in WAL mode, one row a job.

    pending -> running -> done
       ^          |-----> failed (its worker died on it three times, or it raised)
       '----------'  (its worker died)

A job's row holds its description and, once done, its record; tables are in Parquet files written before the row says
"done". So whatever is done is whole, and everything else is done again.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from carousel.experiments.runner.ledger_file import LedgerFile
from carousel.experiments.runner.whole_races import whole_races
from carousel.experiments.training.description import shape_of
from carousel.experiments.training.rules import Frozen, digest_of

_MAX_ATTEMPTS = 3
_DIED = f"its worker process died {_MAX_ATTEMPTS} times"
_OF_MEMORY = (
    f"{_DIED}, the last time killed for lack of memory: "
    "give it more, or fewer --workers (on a cluster, fewer --num-cpus of `ray start` there)"
)
_ALONE_FROM = 2  # attempts: from then on a job is tried alone
_COLUMNS = "hash, kind, description, state, record, error, position"


class Entry(NamedTuple):
    """One job as the ledger knows it. `description` and `record` are plain data. cost: rough, as `cost` of a plan."""

    hash: str
    kind: str
    description: dict[str, Any]
    state: str
    record: dict[str, Any] | None
    error: str | None
    cost: float = 0.0


class Ledger(LedgerFile):
    """One connection to the ledger of a run folder."""

    def add(self, jobs: Iterable[tuple[float, Frozen]]) -> None:
        """Enter jobs that are not there yet, all or none. Each comes with its position: the lowest is done first."""
        rows = [(position, job.digest(), job.model_dump(mode="json"), shape_of(job)) for position, job in jobs]
        with self._transaction():
            known = {name for (name,) in self._db.execute("SELECT hash FROM jobs")}
            new = [row for row in rows if row[1] not in known]
            if not new:
                return
            self._refuse_to_mix(entering=True)
            self._db.executemany(
                "INSERT OR IGNORE INTO jobs (hash, position, kind, description, state, shape) "
                "VALUES (?, ?, ?, ?, 'pending', ?)",
                [(name, position, d["kind"], json.dumps(d), shape) for position, name, d, shape in new],
            )

    def first_pending(self) -> Entry | None:
        """The job to be done next; None where there is none. It is still anybody's."""
        with self._refusing():
            row = self._db.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE state='pending' ORDER BY position LIMIT 1"
            ).fetchone()
            return _entry(row) if row else None

    def claim(self, worker: int, first: Entry, most: int = 1, workers: int = 1) -> list[Entry]:
        """Take a pending job for a worker (its process id), and with it up to `most` - 1 others of its shape; nothing
        where another worker has taken it since.

        workers: how many there are: none takes more than its share of the work that is left, so that all are busy to
        the end. A job that has cost two workers, or was in a group that raised, is taken alone.
        """
        with self._transaction():
            chosen = self._chosen(first, most, workers)
            marks = ",".join("?" * len(chosen))
            rows = self._db.execute(
                f"UPDATE jobs SET state='running', worker=?, started=?, attempts=attempts+1 WHERE hash IN ({marks}) "
                f"RETURNING {_COLUMNS}",
                (worker, time.time(), *chosen),
            ).fetchall()
        with self._refusing():
            return sorted((_entry(row) for row in rows), key=lambda entry: chosen.index(entry.hash))

    def _chosen(self, first: Entry, most: int, workers: int) -> list[str]:
        query = "SELECT shape, attempts, position FROM jobs WHERE state='pending' AND hash=?"
        found = self._db.execute(query, (first.hash,)).fetchone()
        if found is None:
            return []
        shape, attempts, position = found
        work = self._work("pending", "running")
        others = self._db.execute(
            "SELECT hash, position, description FROM jobs WHERE state='pending' AND shape=? AND attempts<? AND hash<>? "
            "ORDER BY position, rowid LIMIT ?",  # as they were entered: the trials of a race behind each other
            (shape, _ALONE_FROM, first.hash, most if attempts < _ALONE_FROM else 0),
        ).fetchall()
        chosen, cost = [first.hash], -position
        for name, at, _ in whole_races(first.description, others, most - 1):
            if cost >= work / workers:
                break
            chosen.append(name)
            cost -= at
        return chosen

    def take_apart(self, jobs: Iterable[str]) -> None:
        """Give a group back that raised: each of its jobs is to be tried alone, so that only the guilty one fails. It
        has cost no worker: its attempts stay what they were."""
        self.give_back(jobs, "shape=NULL")

    def give_back(self, jobs: Iterable[str], *also: str) -> None:
        """What was claimed and not begun, or shall be tried otherwise, is pending again. also: columns to be set."""
        changed = ", ".join(("state='pending'", "worker=NULL", "attempts=attempts-1", *also))
        with self._transaction():
            self._db.executemany(
                f"UPDATE jobs SET {changed} WHERE hash=? AND state='running'", [(job,) for job in jobs]
            )

    def finish(self, job: str, record: dict[str, Any]) -> None:
        """Mark a job done, with its numbers."""
        row = (time.time(), json.dumps(record, allow_nan=False), job)
        with self._transaction():
            self._db.execute("UPDATE jobs SET state='done', finished=?, record=?, error=NULL WHERE hash=?", row)

    def fail(self, job: str, error: str) -> None:
        """Mark a job failed: it raised, and would again."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET state='failed', error=? WHERE hash=?", (error, job))

    def release(self, workers: Iterable[int] | None = None, *, died: bool = False, memory: bool = False) -> None:
        """Give back what workers were running (all of them where None).

        died: the worker was lost on it; a job that has cost three workers is failed instead of tried for ever. memory:
        it was killed for lack of it, as far as that can be told.
        """
        chosen = None if workers is None else list(workers)
        where = (
            "state='running'" if chosen is None else f"state='running' AND worker IN ({','.join('?' * len(chosen))})"
        )
        with self._transaction():
            if died:
                self._db.execute(
                    f"UPDATE jobs SET state='failed', error=? WHERE {where} AND attempts >= {_MAX_ATTEMPTS}",
                    [_OF_MEMORY if memory else _DIED, *(chosen or [])],
                )
            self._db.execute(
                f"UPDATE jobs SET state='pending', worker=NULL, attempts=attempts-{0 if died else 1} WHERE {where}",
                chosen or [],
            )

    def retry_failed(self) -> None:
        """Failed jobs are tried anew when the command is given again."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET state='pending', attempts=0, error=NULL WHERE state='failed'")

    def entries(self, state: str | None = None) -> list[Entry]:
        """All jobs in their order, or those in one state."""
        query = f"SELECT {_COLUMNS} FROM jobs"
        with self._refusing():
            if state is None:
                rows = self._db.execute(f"{query} ORDER BY position").fetchall()
            else:
                rows = self._db.execute(f"{query} WHERE state=? ORDER BY position", (state,)).fetchall()
            return [_entry(row) for row in rows]

    def newly_done(self, known: set[str]) -> list[Entry]:
        """Finished jobs whose hashes are not among the known ones; reads only those. known: finished ones."""
        if self.counts()["done"] == len(known):
            return []
        query = f"SELECT {_COLUMNS} FROM jobs WHERE hash=?"
        with self._refusing():
            hashes = [row[0] for row in self._db.execute("SELECT hash FROM jobs WHERE state='done' ORDER BY position")]
            return [_entry(self._db.execute(query, (h,)).fetchone()) for h in hashes if h not in known]

    def raised(self, jobs: Sequence[str], error: str) -> None:
        """A group raised: its only job fails; several are given back, each to be tried alone."""
        if len(jobs) > 1:
            self.take_apart(jobs)
        else:
            self.fail(jobs[0], error)

    def last_finished(self) -> float | None:
        """When the last job that is done was finished, in seconds of Unix; None where none is."""
        with self._refusing():
            (found,) = self._db.execute("SELECT MAX(finished) FROM jobs WHERE state='done'").fetchone()
        return None if found is None else float(found)

    def running_work(self) -> float:
        """The rough cost of what is being done, in the unit of positions."""
        with self._refusing():
            return self._work("running")

    def work_left(self) -> float:
        """The same of what is being done or waits."""
        with self._refusing():
            return self._work("pending", "running")

    def _work(self, *states: str) -> float:
        marks = ",".join("?" * len(states))
        (found,) = self._db.execute(f"SELECT -SUM(position) FROM jobs WHERE state IN ({marks})", states).fetchone()
        return float(found or 0.0)

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        self._refuse_moved()
        with self._refusing():
            found = dict(self._db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in ("pending", "running", "done", "failed")}


def _entry(row: tuple[Any, ...]) -> Entry:
    job, kind, description, state, record, message, position = row
    try:
        about, found = _read(description), _read(record) if record else None
        rank = -position
        whole = digest_of(about) == job and about["kind"] == kind and (found is not None or state != "done")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise sqlite3.DataError(f"the entry {job!r} cannot be read") from error
    if not whole:
        raise sqlite3.DataError(f"the entry {job!r} was changed")
    return Entry(job, kind, about, state, found, message, rank)


def _read(text: str) -> dict[str, Any]:
    return dict(json.loads(text, parse_constant=_refuse_constant))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} never enters a record")
