"""Writing into the run folder: a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from carousel.errors import FolderConflict


def write_text(path: Path, content: str) -> Path:
    """Write `content` (UTF-8, "\\n") to `path` by a temporary file and a rename. FolderConflict if it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content.encode())
    except OSError as error:
        raise FolderConflict(
            f"cannot write {path.name!r} into the run folder ({error.strerror})",
            got=str(path.parent),
            cure="free some space, or make the folder writable, then run `carousel report` on it",
        ) from error
    return path


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
