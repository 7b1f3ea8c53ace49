"""A run folder, read: what claims and report work from. Needs no torch; works on a copied folder.

The columns of its frames are declared in `carousel.experiments.columns` and listed in docs/columns.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carousel.experiments.data.card import Card
from carousel.experiments.results.refitted import Refitted
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.table_files import read_curves


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
        return read_curves(self.folder / "trials" / f"{trial}.parquet")


def has_curves(evidence: Evidence, trial: str) -> bool:
    """Whether the curves of a trial are in the folder; one that was copied may hold the ledger alone."""
    return (evidence.folder / "trials" / f"{trial}.parquet").is_file()


def without_curves(evidence: Evidence) -> int:
    """How many reporting trials have no file of curves."""
    reported = evidence.trials.filter(pl.col("phase") == "reporting")["trial"]
    return sum(not has_curves(evidence, trial) for trial in reported)
