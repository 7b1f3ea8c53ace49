"""Learning curves and gradient norms of the reporting trials, thinned to what a figure can show.

Steps fall into bins of equal width. The median over the seeds takes a trial that stopped early with its last score and
loss, until the last trial of the same contender and condition has ended: else it would jump whenever a good seed
stops. A trial that diverged is not carried on: its last value is no result. Gradient norms are never carried on: a bin
holds the norms of the steps that were made in it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from carousel.experiments.results.evidence import Evidence, has_curves, without_curves

POINTS = 60  # bins a curve; fewer where there are many curves
POINTS_IN_ALL = 8_000
_GROUP = ["condition", "contender"]


@dataclass(frozen=True)
class Curves:
    """Frames, one row a bin; `step` is its last step.

    score, loss: condition, contender, trial, step, value (of the trial; null where it had stopped), median (over the
    seeds). gradient: condition, contender, step, median (over the seeds, of each one's median over the bin), high
    (largest), trials.
    missing: reporting trials whose file of curves is not in the run folder. not_finite: steps whose gradient norm was
    infinite or not a number, left out of `gradient`.
    """

    score: pl.DataFrame
    loss: pl.DataFrame
    gradient: pl.DataFrame
    missing: int
    not_finite: int


def collect(evidence: Evidence) -> Curves:
    """Read and bin the curves of every reporting trial."""
    trials = evidence.trials.filter(pl.col("phase") == "reporting")
    present = [row for row in trials.iter_rows(named=True) if has_curves(evidence, row["trial"])]
    width = _bin_width(trials)
    diverged = trials.filter(pl.col("outcome") == "diverged")["trial"].to_list()
    parts = [_binned(evidence, row, width) for row in present]
    binned = pl.concat(parts) if parts else pl.DataFrame(schema=_BINNED)
    return Curves(
        score=_learning(binned, "score", diverged),
        loss=_learning(binned, "loss", diverged),
        gradient=_gradient(binned),
        missing=without_curves(evidence),
        not_finite=int(binned["not_finite"].sum()),
    )


_BINNED = {
    **dict.fromkeys(("condition", "contender", "trial"), pl.String()),
    "step": pl.Int64(),
    **dict.fromkeys(("score", "loss", "norm", "norm_high"), pl.Float64()),
    "not_finite": pl.Int64(),
}


def _bin_width(trials: pl.DataFrame) -> int:
    """Steps a bin: one width for all, so that curves can be compared."""
    longest = trials["steps"].max()
    points = min(POINTS, max(6, POINTS_IN_ALL // max(1, trials.height)))
    return max(1, -(-int(longest) // points)) if isinstance(longest, int) else 1


def _binned(evidence: Evidence, row: dict[str, object], width: int) -> pl.DataFrame:
    """One trial, one row a bin."""
    norm = pl.col("gradient_norm").filter(pl.col("gradient_norm").is_finite())
    return (
        evidence.curves(str(row["trial"]))
        .group_by(((pl.col("step") - 1) // width + 1).cast(pl.Int64).alias("bin"))
        .agg(
            _finite("validation_score").sort_by(_step_of("validation_score")).last().alias("score"),
            _finite("loss").mean().alias("loss"),
            norm.median().alias("norm"),
            norm.max().alias("norm_high"),
            (~pl.col("gradient_norm").is_finite()).sum().cast(pl.Int64).alias("not_finite"),
        )
        .with_columns(
            pl.lit(row["condition"]).alias("condition"),
            pl.lit(row["contender"]).alias("contender"),
            pl.lit(row["trial"]).alias("trial"),
            (pl.col("bin") * width).alias("step"),
        )
        .select(pl.col(name).cast(kind) for name, kind in _BINNED.items())
        .sort("step")
    )


def _finite(column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col(column).is_finite())


def _step_of(column: str) -> pl.Expr:
    return pl.col("step").filter(pl.col(column).is_finite())


def _learning(binned: pl.DataFrame, column: str, diverged: Collection[str]) -> pl.DataFrame:
    """Each trial on the steps of its contender and condition, and the median with last values carried on, but those of
    the trials that `diverged`."""
    steps = binned.filter(pl.col(column).is_not_null()).select(*_GROUP, "step").unique()
    grid = binned.select(*_GROUP, "trial").unique().join(steps, on=_GROUP).sort(*_GROUP, "trial", "step")
    values = binned.select("trial", "step", pl.col(column).alias("value"))
    joined = grid.join(values, on=["trial", "step"], how="left", maintain_order="left")
    return (
        joined.with_columns(
            pl.when(pl.col("trial").is_in(diverged))
            .then("value")
            .otherwise(pl.col("value").forward_fill().over("trial", order_by="step"))
            .alias("carried")
        )
        .with_columns(pl.col("carried").median().over(*_GROUP, "step").alias("median"))
        .drop("carried")
    )


def _gradient(binned: pl.DataFrame) -> pl.DataFrame:
    return (
        binned.filter(pl.col("norm").is_not_null())
        .group_by(*_GROUP, "step")
        .agg(
            pl.col("norm").median().alias("median"),
            pl.col("norm_high").max().alias("high"),
            pl.col("trial").n_unique().cast(pl.Int64).alias("trials"),
        )
        .sort(*_GROUP, "step")
    )
