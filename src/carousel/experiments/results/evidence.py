"""A run folder, read: what claims and report work from. Needs no torch; works on a copied folder.

The columns of its frames are declared in `carousel.experiments.columns` and listed in docs/columns.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carousel.experiments.data.card import Card
from carousel.experiments.runner.plan import Plan


@dataclass(frozen=True)
class Evidence:
    """The numbers of one run. `card` describes the user's file (None for built-in tasks)."""

    folder: Path
    plan: Plan
    trials: pl.DataFrame
    profiles: pl.DataFrame
    slopes: pl.DataFrame
    onset: pl.DataFrame
    environment: dict[str, Any]
    card: Card | None = None
    occlusion: pl.DataFrame = field(default_factory=pl.DataFrame)

    def curves(self, trial: str) -> pl.DataFrame:
        """Step by step of one trial: step, loss, gradient_norm (before clipping), validation_score (null between
        checks)."""
        return pl.read_parquet(self.folder / "trials" / f"{trial}.parquet")
