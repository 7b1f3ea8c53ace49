"""Several series whose rows take turns in a file, read as one: told, with the option that reads each by itself."""

from __future__ import annotations

import numpy as np
import polars as pl

from carousel.experiments.data.arrays import Floats, Note
from carousel.experiments.data.read.table import Table

_LEAST, _MOST = 2, 200  # series
_SMOOTHER = 3  # times: so much less does a value change within its series than from row to row


def taking_turns(table: Table, values: Floats, names: tuple[str, ...]) -> list[Note]:
    """A note where a column names one of several in turn, from row to row, and another of `values` [R, C] hardly
    changes within each. A calendar's column (the day of the week) takes turns as well, but its rows are no series of
    their own."""
    for series in table.frame.get_columns():
        kinds = series.n_unique()
        whole = series.dtype == pl.String or series.dtype.is_integer()
        if not whole or not _LEAST <= kinds <= _MOST or 3 * kinds > len(values):
            continue
        codes = series.rank("dense").fill_null(0).to_numpy().astype(np.int64)
        if (codes[kinds:] != codes[:-kinds]).any() or len(np.unique(codes[:kinds])) < kinds:
            continue
        smooth = [name for place, name in enumerate(names) if _smoother(values[:, place], kinds)]
        if smooth:
            return [{"key": "taking_turns", "column": series.name, "count": kinds, "smooth": smooth[0]}]
    return []


def _smoother(values: Floats, kinds: int) -> bool:
    """Within its series a value changes, and much less than from row to row. What never changes there only names it."""
    within = values[kinds:] - values[:-kinds]
    return bool(np.nan_to_num(within).any()) and _SMOOTHER * _change(within) < _change(values[1:] - values[:-1])


def _change(differences: Floats) -> float:
    known = np.abs(differences[~np.isnan(differences)])
    return float(np.median(known)) if len(known) else 0.0
