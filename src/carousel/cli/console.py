"""What is printed: people's lines by language, and JSON alone on standard output where it was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from carousel.errors import UnknownName
from carousel.texts import LANGUAGES, text


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
        self.say("cli.verdict", title=title, verdict=verdict, because=claim["because"][self.lang])

    def json(self, value: object) -> None:
        """Plain data, indented, on standard output."""
        print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


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
