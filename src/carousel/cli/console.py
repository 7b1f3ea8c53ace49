"""What is printed: people's lines by language, and JSON alone on standard output where it was asked for."""

from __future__ import annotations

import json
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from carousel.common.errors import UnknownName
from carousel.common.texts import LANGUAGES, text

_WIDTH = 100  # of wrapped paragraphs, in columns


class Console:
    """Prints texts of the catalogue in one language; `quiet`: only JSON goes to standard output, the rest to error."""

    def __init__(self, lang: str, *, quiet: bool = False):
        if lang not in LANGUAGES:
            raise UnknownName("language", lang, LANGUAGES)
        self.lang = lang
        self.stream = sys.stderr if quiet else sys.stdout

    def say(self, key: str, **values: object) -> None:
        """One text of the catalogue."""
        self.lines([text(key, self.lang, **values)])

    def lines(self, lines: Iterable[str]) -> None:
        """Lines that are already in words."""
        for line in lines:
            print(line, file=self.stream, flush=True)

    def verdict(self, claim: dict[str, Any]) -> None:
        """One claim: its title, its verdict and why."""
        title = text(f"claims.{claim['id']}.title", self.lang)
        verdict = text(f"claims.verdicts.{claim['verdict']}", self.lang)
        self.say("cli.verdict", title=title, verdict=verdict)
        width = _WIDTH if self.lang == "en" else _WIDTH // 2  # a Chinese character takes two columns
        self.lines(textwrap.wrap(claim["because"][self.lang], width, initial_indent="    ", subsequent_indent="    "))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns of equal width: the first two to the left, numbers to the right."""
        widths = [max(_columns(row[k]) for row in (head, *rows)) for k in range(len(head))]
        for row in (head, *rows):
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
        print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


def _columns(cell: str) -> int:
    """Columns on a terminal: a wide (Chinese) character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - _columns(cell))
    return space + cell if right else cell + space


def duration(seconds: float | None) -> str:
    """45s, 3m20s, 2h05m."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
