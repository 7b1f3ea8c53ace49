"""The ledger's file: made, opened and checked, written in transactions; what is wrong with it said in one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carousel.common.error_words import wording_of
from carousel.common.errors import FolderConflict

_APPLICATION_ID = 0x43415253  # "CARS", in the header of the file: tells ours from any other SQLite file
_OPENING_SECONDS, _WAITING_SECONDS = 5.0, 60.0  # how long for another process: to look at it, and to write
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_CANNOT_WRITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_SCHEMA = (
    """CREATE TABLE jobs (
    hash TEXT PRIMARY KEY, position REAL NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0, worker INTEGER, started REAL, finished REAL, record TEXT, error TEXT,
    shape TEXT
    )""",
    "CREATE INDEX jobs_by_state ON jobs (state, position)",
)


class LedgerFile:
    """One connection to the SQLite file of a ledger."""

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False):
        """read_only: looked at beside the command that writes it, which notices nothing."""
        self.path = path
        if not create and not path.is_file():
            raise FolderConflict(f"no ledger at {str(path)!r}", fix="give the folder of a run")
        with self._refusing():
            name = _read_only(path) if read_only else path
            self._db = sqlite3.connect(name, timeout=_OPENING_SECONDS, isolation_level=None, uri=read_only)
            self._file = _identity(path)
            if create and self._is_empty():
                self._create()
            self._prepare(create)
            self._db.execute(f"PRAGMA busy_timeout = {int(1000 * _WAITING_SECONDS)}")
        if create:
            self._refuse_to_mix()

    def close(self) -> None:
        """Close the connection; what was committed is on disk."""
        self._db.close()

    def _refuse_moved(self) -> None:
        """The open file is where it was. Else a job would be done here whose tables were written elsewhere."""
        if self._file is None or _identity(self.path) != self._file:
            raise FolderConflict(
                f"the ledger {str(self.path)!r} is no longer where it was: its folder was moved or removed",
                fix="give the same command again, with the folder's new place as --out; finished trials are kept there",
            )

    def _refuse_to_mix(self, entering: bool = False) -> None:
        """Nothing is trained beside trials of an earlier version: its training rounded differently, and no comparison
        may mix the two. A finished run stays readable. entering: jobs that are not there yet would be entered."""
        with self._refusing():
            columns = {row[1] for row in self._db.execute("PRAGMA table_info(jobs)")}
            if "shape" in columns:
                return
            (left,) = self._db.execute("SELECT COUNT(*) FROM jobs WHERE state <> 'done'").fetchone()
        if left or entering:
            raise FolderConflict(
                f"the run in {str(self.path.parent)!r} was begun by an earlier version, which rounded otherwise",
                fix="`carousel report` shows what it has finished; to train, give another --out",
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
                    got=_told(str(error)),
                    fix="another command is using it: wait for it, or give another --out; nothing is damaged",
                ) from error
            if code in _CANNOT_WRITE:
                raise FolderConflict(
                    f"cannot write to {str(self.path)!r}",
                    got=_told(str(error)),
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


def _read_only(path: Path) -> str:
    """Its address. Without a write-ahead log nobody writes it; "immutable" then, so that none is laid beside it."""
    log = path.with_name(f"{path.name}-wal")
    return f"{path.absolute().as_uri()}?mode=ro" + ("" if log.exists() else "&immutable=1")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of the file; None where none can be found."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _told(reason: str) -> str:
    """What SQLite says, where the catalogue has it; it has thousands of other sentences, of tables and pages."""
    return reason if wording_of(reason) else "its tables are damaged"


def _unusable(path: Path, reason: str) -> FolderConflict:
    return FolderConflict(
        f"the ledger {str(path)!r} cannot be used",
        got=_told(reason),
        fix="restore it from a copy, or start anew with another --out; the folder is left as it is",
    )
