"""The bytes of the user's file, read once: for the reader and for the fingerprint."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.card import FileEntry
from carousel.experiments.data.read.visible import MOST_OF_A_FILE, visible

MOST_BYTES = 2**30
_WITHOUT_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    "a folder": stat.S_ISDIR,
    "a pipe": stat.S_ISFIFO,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}


@dataclass(frozen=True)
class Source:
    """One file: its path and what it holds."""

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """Of the file, as it can be shown."""
        return visible(self.path.name, MOST_OF_A_FILE)

    @property
    def entry(self) -> FileEntry:
        """The file's line in the data card."""
        return {"name": self.name, "bytes": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}


def read_source(path: Path) -> Source:
    """The file at `path`. BadData for standard input, and where it is absent, no regular file, too large, unreadable or
    empty."""
    if str(path) == "-":
        raise BadData("standard input is not read", got="-", fix="write it into a file, and name that")
    try:
        data = _read_regular(path)
    except FileNotFoundError:
        raise BadData(f"there is no file {_short(path)}", fix=_near(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a path that holds a zero byte
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadData(f"cannot read {_short(path)}", got=reason, fix="check the path and its permissions") from error
    if not data.strip():
        raise BadData(f"{visible(path.name, MOST_OF_A_FILE)} is empty", fix="give a file that holds data")
    return Source(path, data)


def _read_regular(path: Path) -> bytes:
    # Opened without waiting, and asked what it is only then: a pipe would wait for its writer, and a path that is
    # looked at first may be another thing when it is opened.
    descriptor = os.open(path, _WITHOUT_WAITING)
    try:
        size = _size_of_regular(path, os.fstat(descriptor))
        chunks = []
        while size <= MOST_BYTES and (chunk := os.read(descriptor, 2**24)):  # it may grow while it is read
            chunks.append(chunk)
            size = max(size, sum(map(len, chunks)))
    finally:
        os.close(descriptor)
    if size > MOST_BYTES:
        raise BadData(
            f"{_short(path)} is too large to be read",
            allowed=f"{MOST_BYTES / 2**30:g} GiB",
            got=f"{size / 2**30:.2f} GiB",
            fix="give fewer rows or columns",
        )
    return b"".join(chunks)


def _size_of_regular(path: Path, found: os.stat_result) -> int:
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for name, test in _KINDS.items() if test(found.st_mode)), "something else")
        fix = "name the file inside it" if stat.S_ISDIR(found.st_mode) else "copy what it gives into a file"
        raise BadData(f"{_short(path)} is {kind}, no regular file", fix=fix)
    return found.st_size


def _short(path: Path) -> str:
    """For an error line; a path may have thousands of characters."""
    return visible(str(path), 200)


def fingerprint(sources: list[Source]) -> str:
    """SHA-256 of the files' bytes, one after the other; for one file its own SHA-256."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.data)
    return digest.hexdigest()


def _near(path: Path) -> str:
    folder = path.parent
    readable = folder.is_dir() and os.access(folder, os.R_OK)
    names = [entry.name for entry in folder.iterdir()] if readable else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {_short(folder / close[0])!r}?" if close else "check the path"
