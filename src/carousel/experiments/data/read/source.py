"""The bytes of the user's file, read once: for the reader and for the fingerprint."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.card import FileEntry


@dataclass(frozen=True)
class Source:
    """One file: its path and what it holds."""

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def entry(self) -> FileEntry:
        """The file's line in the data card."""
        return {"name": self.name, "bytes": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}


def read_source(path: Path) -> Source:
    """The file at `path`. BadData where it is absent, a folder, unreadable or empty."""
    if path.is_dir():
        raise BadData(f"{path} is a folder, not a file", fix="name the file inside it")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadData(f"there is no file {path}", fix=_near(path)) from None
    except OSError as error:
        raise BadData(f"cannot read {path}", got=error.strerror, fix="check its permissions") from error
    if not data.strip():
        raise BadData(f"{path.name} is empty", fix="give a file that holds data")
    return Source(path, data)


def fingerprint(sources: list[Source]) -> str:
    """SHA-256 of the files' bytes, one after the other; for one file its own SHA-256."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.data)
    return digest.hexdigest()


def _near(path: Path) -> str:
    folder = path.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {str(folder / close[0])!r}?" if close else "check the path"
