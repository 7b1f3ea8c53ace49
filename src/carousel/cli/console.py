"""What is printed: people's lines by language, and JSON alone on standard output where it was asked for."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence

from carousel.common.terminal import json_text, one_line, print_line
from carousel.common.texts import checked_language, text


class Console:
    """Prints texts of the catalogue in one language; `quiet`: only JSON goes to standard output, the rest to error."""

    def __init__(self, lang: str, *, quiet: bool = False):
        self.lang = checked_language(lang)
        self.stream = sys.stderr if quiet else sys.stdout

    def say(self, key: str, **values: object) -> None:
        """One text of the catalogue."""
        self.lines([text(key, self.lang, **values)])

    def lines(self, lines: Iterable[str]) -> None:
        """Lines that are already in words."""
        for line in lines:
            print_line(line, self.stream)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns of equal width: the first two to the left, numbers to the right."""
        shown = [[one_line(cell) for cell in row] for row in (head, *rows)]
        widths = [max(_columns(row[k]) for row in shown) for k in range(len(head))]
        for row in shown:
            cells = [_padded(cell, width, right=k > 1) for k, (cell, width) in enumerate(zip(row, widths, strict=True))]
            self.lines(["  ".join(cells).rstrip()])

    def listing(self, rows: Sequence[dict[str, str]], as_json: bool) -> None:
        """What there is to choose from, a name and a summary a line."""
        if as_json:
            self.json(rows)
        else:
            self.lines(f"{row['name']:<22} {row['summary']}" for row in rows)

    def json(self, value: object) -> None:
        """Plain data, indented, on standard output."""
        print_line(json_text(value), sys.stdout)


def _columns(cell: str) -> int:
    """Columns on a terminal: a wide (Chinese) character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - _columns(cell))
    return space + cell if right else cell + space
