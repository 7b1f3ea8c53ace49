"""`carousel example`: a file to try on standard output, and what to do with it on standard error."""

from __future__ import annotations

import sys

from carousel.cli.console import Console


def example(name: str | None, seed: int, as_json: bool, lang: str) -> None:
    """The list of names where none is given, else the file of that name."""
    if name is None:
        _list(as_json, lang)
    else:
        _print(name, seed, lang)


def _list(as_json: bool, lang: str) -> None:
    """Names that `carousel example NAME` takes."""
    from carousel.experiments.examples import EXAMPLES

    Console(lang).listing("example", EXAMPLES, as_json)


def _print(name: str, seed: int, lang: str) -> None:
    """The file as CSV alone on standard output, so that it can be sent into a file."""
    from carousel.experiments.examples import example as example_of

    made, quiet = example_of(name), Console(lang, quiet=True)
    sys.stdout.write(made.csv(seed))
    quiet.say("cli.example_next", command=made.command(f"{name}.csv"))
