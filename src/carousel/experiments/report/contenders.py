"""One row for every contender under every condition of the plan: what the table and the cost figure show."""

from __future__ import annotations

import statistics
from typing import Any

import polars as pl

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.columns import LONGER
from carousel.experiments.decision.results import Record, is_number
from carousel.experiments.decision.results import score as score_of
from carousel.experiments.decision.results import solved as is_solved
from carousel.experiments.decision.split_overlap import overlap_of
from carousel.experiments.report import intervals
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.plan import Condition, Contender

SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "length": pl.Int64,
    "condition": pl.String,
    "contender": pl.String,
    "family": pl.String,
    "layers": pl.Int64,
    "hidden": pl.Int64,
    "parameters": pl.Int64,
    "state_bits": pl.Int64,
    "learning_rate": pl.Float64,
    "trials": pl.Int64,
    "scored": pl.Int64,
    "score": pl.Float64,
    "score_low": pl.Float64,
    "score_high": pl.Float64,
    **dict.fromkeys(LONGER, pl.Float64),
    "solved": pl.Int64,
    "solved_rate": pl.Float64,
    "solved_low": pl.Float64,
    "solved_high": pl.Float64,
    "rmse": pl.Float64,
    "steps_to_solved": pl.Float64,
    "seconds": pl.Float64,
    "seconds_low": pl.Float64,
    "seconds_high": pl.Float64,
    "diverged": pl.Int64,
    "baseline": pl.Float64,
}


def summarise(evidence: Evidence) -> pl.DataFrame:
    """Columns of `SCHEMA`, from the reporting trials only. A planned contender without trials has trials = 0.

    score: mean with its interval; as in the claims, a trial that diverged counts with the baseline's score and as
    not solved (`diverged`: how many). scored: trials with a score. score_2t, score_4t: medians at lengths not trained
    on (R² has no floor, so a mean is that of its worst), a diverged trial's as above. solved_rate with its Wilson
    interval, null where the source has no solved threshold. state_bits: what goes from the last step to a next one.
    steps_to_solved: median over those that solved. seconds: median, least, most.
    """
    reporting = evidence.trials.filter(pl.col("phase") == "reporting")
    overlap = overlap_of(evidence.card)
    rows = [
        _row(reporting, condition, contender, overlap)
        for condition in evidence.plan.conditions()
        for contender in evidence.plan.contenders[condition.source]
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(reporting: pl.DataFrame, condition: Condition, contender: Contender, overlap: float) -> dict[str, Any]:
    trials = reporting.filter((pl.col("condition") == condition.key) & (pl.col("contender") == contender.spec))
    return {
        "source": condition.source,
        "length": condition.length,
        "condition": condition.key,
        "contender": contender.spec,
        "family": FAMILY_OF_CELL.get(contender.cell, contender.cell),
        "layers": contender.layers,
        "hidden": contender.hidden,
        "parameters": contender.parameters,
        "state_bits": trials["state_bits"].max(),
        "trials": trials.height,
        "diverged": trials.filter(pl.col("outcome") == "diverged").height,
        "learning_rate": trials["learning_rate"].median(),
        "steps_to_solved": trials["steps_to_solved"].median(),
        "rmse": trials["rmse"].drop_nans().mean(),
        "baseline": trials["baseline_score"].drop_nans().mean(),
        **_score(trials, overlap),
        **{name: _longer(trials, name) for name in LONGER},
        **_solved(trials),
        **_seconds(trials),
    }


def _score(trials: pl.DataFrame, overlap: float) -> dict[str, Any]:
    values = [score_of(row) for row in trials.iter_rows(named=True) if _scored(row)]
    low, high = intervals.of_mean(values, overlap)
    mean = sum(values) / len(values) if values else None
    return {"scored": len(values), "score": mean, "score_low": low, "score_high": high}


def _longer(trials: pl.DataFrame, name: str) -> float | None:
    values = [score_of(row, name) for row in trials.iter_rows(named=True) if row[name] is not None]
    return statistics.median(values) if values else None


def _scored(row: Record) -> bool:
    """It has a score, or it diverged and has the baseline's."""
    return is_number(row["score"]) or (row["outcome"] == "diverged" and is_number(row["baseline_score"]))


def _solved(trials: pl.DataFrame) -> dict[str, Any]:
    if trials["solved"].is_null().all():
        return {"solved": None, "solved_rate": None, "solved_low": None, "solved_high": None}
    values = [is_solved(row) for row in trials.iter_rows(named=True)]
    known = [value for value in values if value is not None]
    k, n = sum(known), len(known)
    low, high = intervals.of_share(k, n)
    return {"solved": k, "solved_rate": k / n, "solved_low": low, "solved_high": high}


def _seconds(trials: pl.DataFrame) -> dict[str, Any]:
    seconds = trials["seconds"]
    return {"seconds": seconds.median(), "seconds_low": seconds.min(), "seconds_high": seconds.max()}
