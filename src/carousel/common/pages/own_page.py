"""A page of one command, written where the user says: no file of another origin is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carousel.common.errors import FolderConflict
from carousel.common.files import write_text

_LOOKED_AT = 1_000  # bytes of a file, in which the mark is


def mark(command: str) -> str:
    """What a page of `carousel COMMAND` has in its head."""
    return f'<meta name="generator" content="carousel {command}">'


def check_free(path: Path, command: str) -> None:
    """Raises FolderConflict where a file at `path` is no page of that command."""
    with _one_line(path):
        if not path.exists():
            return
        with path.open("rb") as stream:
            ours = mark(command).encode() in stream.read(_LOOKED_AT)
    if not ours:
        raise FolderConflict(f"{str(path)!r} was not written by carousel {command}, and is not overwritten",
                             fix="name another file")  # fmt: skip


def write_own(path: Path, page: str) -> None:
    """Write the page, and the folder that it is in. Raises FolderConflict."""
    with _one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """The system's refusal in one line."""
    try:
        yield
    except OSError as error:
        raise FolderConflict(f"cannot write {str(path)!r}", got=error.strerror or str(error),
                             fix="name another file") from error  # fmt: skip
