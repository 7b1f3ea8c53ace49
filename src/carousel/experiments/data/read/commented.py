"""Comments before a table: lines that begin with `#`, `%` or `//`, as loggers and numpy write them, of which the last
may name the columns; or what is between `/*` and `*/`."""

from __future__ import annotations

import re
from dataclasses import replace

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.dialect import Dialect, dialect_of

_MOST = 200  # lines
_BLOCK = re.compile(r"/\*.*?\*/\s*?\n(?:[^\S\n]*\n)*(?:<[^<>\n]*>\s*?\n)?", re.DOTALL)  # JMulTi writes <1960 Q1> below
_MARKS = ("#", "%", "//")


def commented(text: str, separator: str | None) -> Dialect:
    """The dialect of a text, which such lines may begin."""
    head, rest = _head(text)
    if not head or not rest.strip():
        return dialect_of(text, separator)
    found = dialect_of(rest, separator)
    note: Note = {"key": "comments", "count": len(head), "first": head[0][:60]}
    moved = replace(found, before=found.before + len(head), notes=(note, *found.notes))
    names = _names(head[-1].lstrip("#%/ "), found)
    if names is None or (found.headed and not (len(head) == 1 and re.match(r"[#%]\w", head[0]))):
        return moved
    return replace(moved, names=names, before=len(head), headed=False, notes=(note,))


def _head(text: str) -> tuple[list[str], str]:
    """Its lines of comments, and the rest."""
    block = _BLOCK.match(text)
    if block is not None and block[0].count("\n") <= _MOST:
        return block[0].split("\n")[:-1], text[block.end() :]
    head, rest = list[str](), text
    while rest.startswith(_MARKS) and len(head) < _MOST:
        line, _, rest = rest.partition("\n")
        head.append(line.strip(" \r"))
    return head, rest


def _names(line: str, found: Dialect) -> tuple[str, ...] | None:
    """Between the marks of the rows, or between two spaces and more: as many as the rows have cells."""
    for mark in (re.escape(found.separator) if found.separator != " " else r"\s+", r"\s{2,}", ",", ";", r"\t"):
        cells = tuple(cell.strip(' "') for cell in re.split(mark, line.strip()))
        if len(cells) == len(found.names) and all(cells) and len(set(cells)) == len(cells):
            return cells
    return None
