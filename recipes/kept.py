"""Finished work in a file of JSON lines, so that a recipe of half an hour goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from carousel.common.errors import FolderConflict
from carousel.common.files import writing_to

Numbers = dict[str, float]


class Kept:
    """`numbers(description, make)` gives what `make` gave for that description, now or in an earlier run."""

    def __init__(self, path: Path | None):
        self._path = path
        self._found: dict[str, Numbers] = {}
        if path is not None and path.exists():
            self._found = dict(_read(path, line) for line in _lines(path))

    def numbers(self, description: dict[str, object], make: Callable[[], Numbers]) -> Numbers:
        """Done once for each description; written at once."""
        key = json.dumps(description, sort_keys=True)
        if key not in self._found:
            self._found[key] = make()
            self._write(json.dumps([key, self._found[key]]))
        return self._found[key]

    def _write(self, line: str) -> None:
        if self._path is not None:
            with writing_to(self._path.parent), self._path.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FolderConflict(f"{path} cannot be read as text", fix="give another file with --keep") from error


def _read(path: Path, line: str) -> tuple[str, Numbers]:
    try:
        key, value = json.loads(line)
        return str(key), dict(value)
    except (ValueError, TypeError) as error:
        raise FolderConflict(f"{path} holds something else", fix="give another file with --keep") from error
