"""`carousel example`: a file to try, on standard output or in a file, and what to do with it on standard error."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from carousel.cli.console import Console
from carousel.common.errors import BadPlan


def example(name: str | None, seed: int, out: Path | None, as_json: bool, lang: str) -> None:
    """The list of names where none is given, else the file of that name. out: where to write it."""
    if name is not None:
        _give(name, seed, out, lang)
    elif out is None:
        _list(as_json, lang)
    else:
        raise BadPlan("--out needs the name of an example", got=str(out), fix="see `carousel example`")


def _list(as_json: bool, lang: str) -> None:
    """Names that `carousel example NAME` takes."""
    from carousel.experiments.examples import EXAMPLES

    Console(lang).listing("example", EXAMPLES, as_json)


def _give(name: str, seed: int, out: Path | None, lang: str) -> None:
    """The file as CSV alone on standard output, so that it can be sent into a file; or in the file `out`."""
    from carousel.experiments.examples import example as example_of

    made, quiet = example_of(name), Console(lang, quiet=True)
    if out is None:
        sys.stdout.write(made.csv(seed))
        quiet.say("cli.example_next", command=made.command(f"{name}.csv"))
    else:
        _write(out, made.csv(seed))
        quiet.say("cli.example_written", file=str(out), command=made.command(shlex.quote(str(out))))


def _write(out: Path, content: str) -> None:
    """BadPlan for an ending that is read as another format, FolderConflict for a file that is there already."""
    from carousel.common.errors import FolderConflict
    from carousel.common.files import write_text, writing_to

    if out.suffix.lower() != ".csv":
        raise BadPlan("an example is a table as text", allowed="a file that ends in .csv", got=str(out))
    if out.exists():
        raise FolderConflict(f"{str(out)!r} is there already", fix="name another file, or remove it")
    with writing_to(out.parent):
        write_text(out, content)
