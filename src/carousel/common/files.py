"""Files: written so that a kill or a full disk never leaves half a one, read only if they are files of a sane size; the
system's complaints in one line."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from carousel.common.errors import FolderConflict

_DRAFT = re.compile(r"\..+\.[a-z0-9_]{8}")  # as tempfile names it


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file in the same folder, then move it to `path`. Raises OSError, and leaves `path` as it was.

    Makes no folder. Takes bytes, not a writer: so whatever goes wrong with the disk is told in Python's own way.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        draft.write_bytes(content)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Remove what a kill in `write_atomically` has left in a folder."""
    if folder.is_dir():
        for path in folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    write_atomically(path, text.encode())


def open_regular(path: Path, limit: int) -> BinaryIO:
    """Open a file of at most `limit` bytes for reading. OSError for what is none: a pipe or a device may never end."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    if found.st_size > limit:
        raise OSError(errno.EFBIG, f"it has {found.st_size:,} bytes, of which at most {limit:,} are read", str(path))
    return path.open("rb")


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of such a file."""
    with open_regular(path, limit) as stream:
        return stream.read(limit + 1)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write (disk full, no permission, not a folder) into a user's error."""
    try:
        yield
    except OSError as error:
        in_the_way = isinstance(error, IsADirectoryError | NotADirectoryError | FileExistsError)
        mend = f"move {str(error.filename)!r} away" if in_the_way else "free space or permissions there"
        raise FolderConflict(
            f"cannot write to {str(folder)!r}",
            got=error.strerror or str(error),
            fix=f"{mend}, or give another folder with --out; finished trials are kept",
        ) from error
