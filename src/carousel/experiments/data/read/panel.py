"""A wide panel: a row is a whole series, and columns named by moments hold its steps. It becomes a long table."""

from __future__ import annotations

import shlex
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.calendar import TIME, divided, in_a_row
from carousel.experiments.data.read.date_shapes import shapes
from carousel.experiments.data.read.table import Table, is_numeric

SERIES = "row"  # the column that names series without a name
_FEWEST = 4  # columns named by moments


def unpivoted(table: Table, options: DataOptions) -> tuple[Table, DataOptions]:
    """The panel as a long table, a row a step, and the options that read it so; others as they are. BadPlan or BadData
    where --wide --forecast is said of a file that is none, and where a panel is given without them."""
    if not options.forecast:
        return table, options
    calendar = divided(_others(table, options))
    steps = list(calendar) or _steps(table, options)
    if not options.wide:
        _refuse_unsaid(table, options, steps)
        return table, options
    (name, *more) = options.forecast
    if len(steps) < _FEWEST:
        raise BadData("no columns are named by moments, which --wide --forecast takes for the steps of each row",
                      allowed="names that are dates, years or numbers in order", got=f"{len(steps)} such columns",
                      fix="leave --wide out if each row is one step")  # fmt: skip
    if more or name in table.frame.columns:
        raise BadPlan("--forecast gives the values of a wide panel a name", allowed="one name that no column has",
                      got=", ".join(options.forecast), fix="for example --forecast value")  # fmt: skip
    one = in_a_row(table, options, calendar) if calendar else None
    if one is not None:
        return one
    frame, group = _named_rows(table, options, steps)
    long = frame.unpivot(on=steps, index=[c for c in frame.columns if c not in steps], variable_name=TIME,
                         value_name=name)  # fmt: skip
    rows = np.tile(table.rows, len(steps))
    note: Note = {"key": "panel", "count": len(steps), "first": steps[0], "last": steps[-1], "columns": list(group)}
    made = replace(table, frame=long, rows=rows, notes=[*table.notes, note])
    return made, replace(options, wide=None, group=group, order=TIME)


def _named_rows(table: Table, options: DataOptions, steps: list[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The columns that name the series: those of --group; else the first of words that differ in each row; else the
    rows' numbers."""
    given = several(options.group)
    for name in given:
        table.column(name, "group column")
    others = [name for name in table.frame.columns if name not in (*steps, *options.ignore)]
    names = [c for c in others if not is_numeric(table.frame[c]) and table.frame[c].n_unique() == table.frame.height]
    if given or names:
        return table.frame, given or (names[0],)
    return table.frame.with_columns(pl.Series(SERIES, table.rows)), (SERIES,)


def _steps(table: Table, options: DataOptions) -> list[str]:
    """The columns whose names are moments of one shape, or whole numbers that grow or fall."""
    names = _others(table, options)
    texts = pl.Series(names, dtype=pl.String)
    parsed = [shape.parse(texts) for shape in shapes() if any(map(shape.fits, names))]
    dated = max(parsed, key=lambda found: found.count(), default=texts.clear())
    if dated.count() >= _FEWEST:
        return [name for name, moment in zip(names, dated, strict=True) if moment is not None]
    numbers = [name for name in names if name.isascii() and name.isdigit() and len(name) < 10]
    changes = [int(after) - int(before) for before, after in pairwise(numbers)]
    return numbers if all(c > 0 for c in changes) or all(c < 0 for c in changes) else []


def _others(table: Table, options: DataOptions) -> list[str]:
    """The columns without a role."""
    taken = {*several(options.group), *options.ignore, *options.forecast}
    return [name for name in table.frame.columns if name not in taken]


def _refuse_unsaid(table: Table, options: DataOptions, steps: list[str]) -> None:
    wanted = options.forecast[0]
    known = wanted in table.frame.columns
    if len(steps) < _FEWEST or (known and (is_numeric(table.frame[wanted]) or options.order is not None)):
        return
    asked = f"value --group {shlex.quote(wanted)}" if known else shlex.quote(wanted)
    raise BadData(
        f"the steps stand side by side, in {len(steps)} columns from {steps[0]!r} to {steps[-1]!r}",
        got=f"--forecast {wanted}",
        fix=f"--wide --forecast {asked}",
    )
