"""`carousel lab mark FILES...`: results of the final paper marked anew, a line each."""

from __future__ import annotations

from pathlib import Path

from carousel.cli.console import Console
from carousel.cli.language import of_this_command
from carousel.common.texts import text
from carousel.page.marking import Marked, marked

_HEAD = ("name", "day", "paper", "right", "again", "checked")


def mark(files: list[Path], lang: str | None) -> None:
    """Print the table. Raises BadData for a file that is no result."""
    console = Console(lang or of_this_command())
    results = [marked(path) for path in files]
    rows = [_cells(result, console.lang) for result in results]
    console.table([text(f"cli.mark.{name}", console.lang) for name in _HEAD], rows, left=len(_HEAD))


def _cells(result: Marked, lang: str) -> list[str]:
    again = ", ".join(text(f"lab.{chapter}.name", lang) for chapter in result.missed)
    told = text(f"cli.mark.{'same' if result.told else 'other'}", lang)
    return [result.name or "–", result.day, str(result.seed), f"{sum(result.right)}/{len(result.right)}", again, told]
