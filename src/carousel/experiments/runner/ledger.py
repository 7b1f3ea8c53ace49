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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from carousel.common.errors import FolderConflict
from carousel.experiments.training.description import Frozen, digest_of

_APPLICATION_ID = 0x43415253  # "CARS", in the header of the file: tells ours from any other SQLite file
_MAX_ATTEMPTS = 3
_OPENING_SECONDS, _WAITING_SECONDS = 5.0, 60.0  # how long for another process: to look at it, and to write
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_CANNOT_WRITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_SCHEMA = (
    """CREATE TABLE jobs (
    hash TEXT PRIMARY KEY, position REAL NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0, worker INTEGER, started REAL, finished REAL, record TEXT, error TEXT
    )""",
    "CREATE INDEX jobs_by_state ON jobs (state, position)",
)


class Entry(NamedTuple):
    """One job as the ledger knows it. `description` and `record` are plain data."""

    hash: str
    kind: str
    description: dict[str, Any]
    state: str
    record: dict[str, Any] | None
    error: str | None


class Ledger:
    """One connection to the ledger of a run folder."""

    def __init__(self, path: Path, *, create: bool = False):
        self.path = path
        if not create and not path.is_file():
            raise FolderConflict(f"no ledger at {str(path)!r}", fix="give the folder of a run")
        with self._refusing():
            self._db = sqlite3.connect(path, timeout=_OPENING_SECONDS, isolation_level=None)
            self._file = _identity(path)
            if create and self._is_empty():
                self._create()
            self._prepare(create)
            self._db.execute(f"PRAGMA busy_timeout = {int(1000 * _WAITING_SECONDS)}")

    def close(self) -> None:
        """Close the connection; what was committed is on disk."""
        self._db.close()

    def add(self, jobs: Iterable[tuple[float, Frozen]]) -> None:
        """Enter jobs that are not there yet, all or none. Each comes with its position: the lowest is done first."""
        rows = [(position, job.digest(), job.model_dump(mode="json")) for position, job in jobs]
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO jobs (hash, position, kind, description, state) VALUES (?, ?, ?, ?, 'pending')",
                [(name, position, d["kind"], json.dumps(d)) for position, name, d in rows],
            )

    def claim(self, worker: int) -> Entry | None:
        """Take the first pending job for a worker (its process id); None where there is none."""
        with self._transaction():
            row = self._db.execute(
                "UPDATE jobs SET state='running', worker=?, started=?, attempts=attempts+1 WHERE hash="
                "(SELECT hash FROM jobs WHERE state='pending' ORDER BY position LIMIT 1) "
                "RETURNING hash, kind, description, state, record, error",
                (worker, time.time()),
            ).fetchone()
        with self._refusing():
            return _entry(row) if row else None

    def finish(self, job: str, record: dict[str, Any]) -> None:
        """Mark a job done, with its numbers."""
        row = (time.time(), json.dumps(record, allow_nan=False), job)
        with self._transaction():
            self._db.execute("UPDATE jobs SET state='done', finished=?, record=?, error=NULL WHERE hash=?", row)

    def fail(self, job: str, error: str) -> None:
        """Mark a job failed: it raised, and would again."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET state='failed', error=? WHERE hash=?", (error, job))

    def release(self, workers: Iterable[int] | None = None, *, died: bool = False) -> None:
        """Give back what workers were running (all of them where None).

        died: the worker was lost on it; a job that has cost three workers is failed instead of tried for ever.
        """
        chosen = None if workers is None else list(workers)
        where = (
            "state='running'" if chosen is None else f"state='running' AND worker IN ({','.join('?' * len(chosen))})"
        )
        with self._transaction():
            if died:
                self._db.execute(
                    f"UPDATE jobs SET state='failed', error='its worker process died {_MAX_ATTEMPTS} times' "
                    f"WHERE {where} AND attempts >= {_MAX_ATTEMPTS}",
                    chosen or [],
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
        query = "SELECT hash, kind, description, state, record, error FROM jobs"
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
        query = "SELECT hash, kind, description, state, record, error FROM jobs WHERE hash=?"
        with self._refusing():
            hashes = [row[0] for row in self._db.execute("SELECT hash FROM jobs WHERE state='done' ORDER BY position")]
            return [_entry(self._db.execute(query, (h,)).fetchone()) for h in hashes if h not in known]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        self._refuse_moved()
        with self._refusing():
            found = dict(self._db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in ("pending", "running", "done", "failed")}

    def _refuse_moved(self) -> None:
        """The open file is where it was. Else a job would be done here whose tables were written elsewhere."""
        if self._file is None or _identity(self.path) != self._file:
            raise FolderConflict(
                f"the ledger {str(self.path)!r} is no longer where it was: its folder was moved or removed",
                fix="give the same command again, with the folder's new place as --out; finished trials are kept there",
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._refuse_moved()
        with self._refusing():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have rolled it back already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the module's own errors have none
            if code in _IN_USE:
                raise FolderConflict(
                    f"the ledger {str(self.path)!r} is in use",
                    got=str(error),
                    fix="another command is using it: wait for it, or give another --out; nothing is damaged",
                ) from error
            if code in _CANNOT_WRITE:
                raise FolderConflict(
                    f"cannot write to {str(self.path)!r}",
                    got=str(error),
                    fix="free space or permissions there and give the same command again; finished trials are kept",
                ) from error
            raise _unusable(self.path, str(error)) from error

    def _is_empty(self) -> bool:
        return bool(self._db.execute("PRAGMA page_count").fetchone()[0] == 0)

    def _create(self) -> None:
        """In one transaction, so that a kill leaves an empty file or a ledger."""
        with self._transaction():
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            for statement in _SCHEMA:
                self._db.execute(statement)

    def _prepare(self, create: bool) -> None:
        if self._db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise _unusable(self.path, "it was not written by Carousel")
        if create:
            self._db.execute("PRAGMA journal_mode = WAL")  # kept in the file; not part of any transaction
        self._db.execute("PRAGMA synchronous = NORMAL")
        verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _unusable(self.path, verdict)
        self._db.execute("SELECT hash, position, kind, description, state, attempts, record, error FROM jobs LIMIT 1")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of the file; None where none can be found."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _unusable(path: Path, reason: str) -> FolderConflict:
    return FolderConflict(
        f"the ledger {str(path)!r} cannot be used",
        got=reason,
        fix="restore it from a copy, or start anew with another --out; the folder is left as it is",
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    job, kind, description, state, record, message = row
    try:
        about, found = _read(description), _read(record) if record else None
        whole = digest_of(about) == job and about["kind"] == kind and (found is not None or state != "done")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise sqlite3.DataError(f"the entry {job!r} cannot be read") from error
    if not whole:
        raise sqlite3.DataError(f"the entry {job!r} was changed")
    return Entry(job, kind, about, state, found, message)


def _read(text: str) -> dict[str, Any]:
    return dict(json.loads(text, parse_constant=_refuse_constant))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} never enters a record")
