"""The tables of a run as Parquet files: written by jobs, read as what they were declared to be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.common.files import read_regular
from carousel.experiments.runner.folder import RESTORE
from carousel.experiments.training.history import CURVES

_LARGEST = 2**30  # bytes of a table


def parquet(table: pl.DataFrame, *, smallest: bool = False) -> bytes:
    """The content of its file. smallest: as few bytes as can be, for one that is shipped."""
    held = io.BytesIO()
    if smallest:
        table.write_parquet(held, compression_level=19, statistics=False)
    else:
        table.write_parquet(held)
    return held.getvalue()


def read_curves(path: Path) -> pl.DataFrame:
    """Step by step of one trial: the columns of CURVES. Raises as `read_table` does."""
    return read_table(path, [pl.col(name).cast(kind) for name, kind in CURVES.items()])


def read_table(path: Path, columns: Sequence[pl.Expr], since: Sequence[str] = ()) -> pl.DataFrame:
    """Columns of a table of the run. since: names of those that earlier versions did not write; null where they are
    absent. Raises FolderConflict where it is absent or damaged."""
    try:
        table = pl.read_parquet(read_regular(path, _LARGEST))
        table = table.with_columns(pl.lit(None).alias(name) for name in since if name not in table.columns)
        return table.select(columns)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = in_words(error) if isinstance(error, OSError) else "it is no table of these columns"
        raise FolderConflict(f"the table {str(path)!r} is absent or damaged", got=reason, fix=RESTORE) from error
