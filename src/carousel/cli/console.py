"""What is printed: people's lines by language, and JSON alone on standard output where it was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from carousel.cli.columns import columns, padded
from carousel.common.terminal import json_text, one_line, print_line
from carousel.common.texts import both, checked_language, text

_COLOURS = {"supported": "32", "refuted": "31", "conditional": "33"}  # green, red, yellow: of a verdict's mark


class Console:
    """Prints texts of the catalogue in one language; `quiet`: only JSON goes to standard output, the rest to error."""

    def __init__(self, lang: str, *, quiet: bool = False):
        self.lang = checked_language(lang)
        self.stream = sys.stderr if quiet else sys.stdout
        self._colours = {text(f"first.mark.{verdict}", lang): code for verdict, code in _COLOURS.items()}

    def say(self, key: str, **values: object) -> None:
        """One text of the catalogue."""
        self.lines([text(key, self.lang, **values)])

    def lines(self, lines: Iterable[str]) -> None:
        """Lines that are already in words."""
        for line in lines:
            print_line(line, self.stream, self._colours)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 2) -> None:
        """Columns of equal width: words to the left, as many as `left`, numbers to the right."""
        shown = [[one_line(cell) for cell in row] for row in (head, *rows)]
        widths = [max(columns(row[k]) for row in shown) for k in range(len(head))]
        for row in shown:
            cells = [
                padded(cell, width, right=k >= left) for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self.lines(["  ".join(cells).rstrip()])

    def listing(self, kind: str, names: Iterable[str], as_json: bool) -> None:
        """What there is to choose from: a name and what it is, a line each; as JSON in every language."""
        summaries = {name: both(f"lists.{kind}.{name}") for name in names}
        if as_json:
            self.json([{"name": name, "summary": summary} for name, summary in summaries.items()])
        else:
            self.lines(f"{name:<22} {summary[self.lang]}" for name, summary in summaries.items())

    def json(self, value: object) -> None:
        """Plain data, indented, on standard output."""
        print_line(json_text(value), sys.stdout)
