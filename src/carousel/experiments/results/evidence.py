"""A run folder, read: what claims and report work from. Needs no torch; works on a copied folder.

The columns of its frames are declared in `carousel.experiments.columns` and listed in docs/columns.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.common.files import read_regular
from carousel.experiments.data.card import Card
from carousel.experiments.results.refitted import Refitted
from carousel.experiments.runner.folder import RESTORE
from carousel.experiments.runner.plan import Plan

_LARGEST = 2**30  # bytes of a table
_CURVES = {"step": pl.Int32, "loss": pl.Float64, "gradient_norm": pl.Float64, "validation_score": pl.Float64}


@dataclass(frozen=True)
class Evidence:
    """The numbers of one run. `card` describes the user's file (None for built-in tasks); `refits`: what was trained
    on all of it. `machines`: each kind that jobs were done on, and how many, most first."""

    folder: Path
    plan: Plan
    trials: pl.DataFrame
    profiles: pl.DataFrame
    slopes: pl.DataFrame
    onset: pl.DataFrame
    environment: dict[str, Any]
    card: Card | None = None
    occlusion: pl.DataFrame = field(default_factory=pl.DataFrame)
    refits: tuple[Refitted, ...] = ()
    rivals: pl.DataFrame = field(default_factory=pl.DataFrame)
    answers: pl.DataFrame = field(default_factory=pl.DataFrame)
    machines: tuple[tuple[Mapping[str, str], int], ...] = ()

    def curves(self, trial: str) -> pl.DataFrame:
        """Step by step of one trial: step, loss, gradient_norm (before clipping), validation_score (null between
        checks)."""
        path = self.folder / "trials" / f"{trial}.parquet"
        return read_table(path, [pl.col(name).cast(kind) for name, kind in _CURVES.items()])


def has_curves(evidence: Evidence, trial: str) -> bool:
    """Whether the curves of a trial are in the folder; one that was copied may hold the ledger alone."""
    return (evidence.folder / "trials" / f"{trial}.parquet").is_file()


def without_curves(evidence: Evidence) -> int:
    """How many reporting trials have no file of curves."""
    reported = evidence.trials.filter(pl.col("phase") == "reporting")["trial"]
    return sum(not has_curves(evidence, trial) for trial in reported)


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
