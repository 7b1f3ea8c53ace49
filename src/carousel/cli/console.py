"""What is printed: people's lines by language, and JSON alone on standard output where it was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from carousel.cli.columns import columns, padded
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
        widths = [max(columns(row[k]) for row in shown) for k in range(len(head))]
        for row in shown:
            cells = [padded(cell, width, right=k > 1) for k, (cell, width) in enumerate(zip(row, widths, strict=True))]
            self.lines(["  ".join(cells).rstrip()])

    def json(self, value: object) -> None:
        """Plain data, indented, on standard output."""
        print_line(json_text(value), sys.stdout)
