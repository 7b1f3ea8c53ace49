"""The header of three rows that Orange writes: names, kinds (`c`, `d`, or the values), flags (`class`, `meta`).

Columns that the file itself takes from the inputs (`meta`, `ignore`) are left out, unless an option names them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from carousel.common.errors import BadPlan, listed
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.dialect import Dialect

_KINDS = {"c", "continuous", "d", "discrete", "s", "string", "t", "time", "basket"}
_CLASS, _NO_INPUT = {"class", "c"}, {"meta", "m", "ignore", "i", "weight", "w"}


def described(frame: pl.DataFrame, dialect: Dialect, options: DataOptions) -> tuple[pl.DataFrame, Dialect]:
    """The rows below such a header, and the header as one row; a table with another header as it is. The frame's
    columns are called by their places. BadPlan where no question is asked: the fix names the file's class."""
    if not dialect.headed or frame.height < 3 or dialect.separator == " ":
        return frame, dialect
    kinds, flags = ([(cell or "").strip() for cell in frame.row(n)] for n in (0, 1))
    if not _are_kinds(kinds) or not _are_flags(flags):
        return frame, dialect
    names = dialect.names
    classes = [name for name, flag in zip(names, flags, strict=True) if _CLASS & set(flag.split())]
    if classes and options.target is None and not options.forecast:
        raise BadPlan("it is not said what to predict", allowed="columns " + listed(list(names)),
                      fix=f"--target {shlex.quote(classes[0])}, the class that the file names")  # fmt: skip
    chosen = {name for _, name in options.roles()} | {*options.inputs}
    left_out = [
        name for name, flag in zip(names, flags, strict=True) if _NO_INPUT & set(flag.split()) and name not in chosen
    ]
    note: Note = {"key": "described_header", "row": dialect.before + 3}
    gone: list[Note] = [{"key": "no_input", "columns": left_out}] if left_out else []
    kept = [place for place, name in enumerate(names) if name not in left_out]
    rest = frame[2:].select(pl.col(str(place)).alias(str(new)) for new, place in enumerate(kept))
    found = replace(dialect, names=tuple(names[place] for place in kept), before=dialect.before + 2,
                    notes=(*dialect.notes, note, *gone))  # fmt: skip
    return rest, found


def _are_kinds(cells: Sequence[str]) -> bool:
    """Kinds, or the values of a column with a space between them; at least half are kinds."""
    known = [cell in _KINDS for cell in cells]
    return 2 * sum(known) >= len(cells) and all(
        a or not cell or " " in cell for a, cell in zip(known, cells, strict=True)
    )


def _are_flags(cells: Sequence[str]) -> bool:
    return all(word in _CLASS | _NO_INPUT or "=" in word for cell in cells for word in cell.split())
