"""`carousel example NAME`: a file to try on standard output, and what to do with it on standard error."""

from __future__ import annotations

import sys

from carousel.cli.console import Console
from carousel.experiments.examples import example as example_of


def example(name: str, seed: int, lang: str) -> None:
    """The file as CSV alone on standard output, so that it can be sent into a file."""
    made, quiet = example_of(name), Console(lang, quiet=True)
    sys.stdout.write(made.csv(seed))
    quiet.say("cli.example_next", command=made.command(f"{name}.csv"))
