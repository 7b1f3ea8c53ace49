"""Options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from carousel.cli.language import of_this_command
from carousel.common.texts import checked_language

N, PATH = "N", "PATH"  # what stands for a value in `--help`


def _language(typed: str) -> str:
    """What was typed, behind the command or before it, else that of the environment. Raises UnknownName."""
    return checked_language(typed) if typed else of_this_command()


Json = Annotated[bool, typer.Option("--json")]
Lang = Annotated[str, typer.Option("--lang", metavar="en|zh", callback=_language)]
