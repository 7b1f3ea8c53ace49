"""Several series whose rows take turns in a file, read as one: told, with the option that reads each by itself."""

from __future__ import annotations

import numpy as np
import polars as pl

from carousel.experiments.data.arrays import Floats, Note
from carousel.experiments.data.read.table import Table

_LEAST, _MOST = 2, 200  # series
_SMOOTHER = 3  # times: so much less does a value change within its series than from row to row


def taking_turns(table: Table, target: Floats) -> list[Note]:
    """A note where a column names one of several in turn, from row to row, and `target` [R] hardly changes within each.
    A calendar's column (the day of the week) takes turns as well, but its rows are no series of their own."""
    for series in table.frame.get_columns():
        kinds = series.n_unique()
        whole = series.dtype == pl.String or series.dtype.is_integer()
        if not whole or not _LEAST <= kinds <= _MOST or 3 * kinds > len(target):
            continue
        codes = series.rank("dense").fill_null(0).to_numpy().astype(np.int64)
        turns = bool((codes[kinds:] == codes[:-kinds]).all()) and len(np.unique(codes[:kinds])) == kinds
        if turns and _SMOOTHER * _change(target[kinds:] - target[:-kinds]) < _change(target[1:] - target[:-1]):
            return [{"key": "taking_turns", "column": series.name, "count": kinds}]
    return []


def _change(differences: Floats) -> float:
    known = np.abs(differences[~np.isnan(differences)])
    return float(np.median(known)) if len(known) else 0.0
