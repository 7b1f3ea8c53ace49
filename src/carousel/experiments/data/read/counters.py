"""Columns that count the rows of a file: they say where a row stands, not what it holds."""

from __future__ import annotations

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.table import Table, counts_rows

_FEW_ROWS = 20  # so few numbers may count by chance


def without_counters(table: Table, named: set[str]) -> tuple[set[str], list[Note]]:
    """Columns that count the rows of the file, none of those `named`; and a note on each."""
    others = [name for name in table.frame.columns if name not in named] if table.frame.height > _FEW_ROWS else []
    found = [name for name in others if counts_rows(table.frame[name])]
    return set(found), [{"key": "names_rows", "column": name} for name in found]
