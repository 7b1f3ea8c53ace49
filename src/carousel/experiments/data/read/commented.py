"""Lines before a table that begin with `#`, as loggers and numpy write them; the last may name the columns."""

from __future__ import annotations

import re
from dataclasses import replace

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.dialect import Dialect, dialect_of

_MOST = 200  # lines


def commented(text: str, separator: str | None) -> Dialect:
    """The dialect of a text, which such lines may begin."""
    head, rest = list[str](), text
    while rest.startswith("#") and len(head) < _MOST:
        line, _, rest = rest.partition("\n")
        head.append(line.strip(" \r"))
    if not head or not rest.strip():
        return dialect_of(text, separator)
    found = dialect_of(rest, separator)
    note: Note = {"key": "comments", "count": len(head), "first": head[0][:60]}
    moved = replace(found, before=found.before + len(head), notes=(note, *found.notes))
    names = _names(head[-1].lstrip("# "), found)
    if names is None or (found.headed and not (len(head) == 1 and re.match(r"#\w", head[0]))):
        return moved
    return replace(moved, names=names, before=len(head), headed=False, notes=(note,))


def _names(line: str, found: Dialect) -> tuple[str, ...] | None:
    """Between the marks of the rows, or between two spaces and more: as many as the rows have cells."""
    for mark in (re.escape(found.separator) if found.separator != " " else r"\s+", r"\s{2,}", ",", ";", r"\t"):
        cells = tuple(cell.strip(' "') for cell in re.split(mark, line.strip()))
        if len(cells) == len(found.names) and all(cells) and len(set(cells)) == len(cells):
            return cells
    return None
