"""One row for every contender under every condition of the plan: what the table and the cost figure show."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Annotated, Any, cast

import polars as pl

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.columns import About
from carousel.experiments.decision.results import is_number
from carousel.experiments.decision.results import score as score_of
from carousel.experiments.decision.results import solved as is_solved
from carousel.experiments.decision.split_overlap import overlap_of
from carousel.experiments.report.tables import intervals
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.kept import schema
from carousel.experiments.runner.plan import Condition, Contender
from carousel.experiments.tables import Table, TrialRow, rows_of


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One contender under one condition."""

    source: Annotated[str, About("built-in task, or name of the user's file")]
    length: Annotated[int, About("T of a task; of a file the history seen, 0: whole sequences", "steps")]
    condition: Annotated[str, About('source and length, "adding/T=100"')]
    contender: Annotated[str, About('as the user gave it, "lstm:chrono"')]
    family: Annotated[str, About('"RNN", "LSTM", "GRU" or "TRANSFORMER"')]
    layers: Annotated[int, About("number of layers")]
    hidden: Annotated[int, About("hidden units a layer")]
    parameters: Annotated[int, About("number of parameters")]
    state_bits: Annotated[int | None, About("what the next step is given", "bits", "no trial")]
    learning_rate: Annotated[float | None, About("chosen in tuning", null="no trial")]
    rates_tried: Annotated[int, About("learning rates tried in tuning")]
    rate_at_edge: Annotated[
        bool | None, About("the chosen rate is the lowest or the highest tried", null="no trial, or one rate")
    ]
    step_limit: Annotated[int, About("steps a trial may take: not solved is not within these", "steps")]
    trials: Annotated[int, About("reporting trials; 0 where none is there yet")]
    scored: Annotated[int, About("trials with a score")]
    score: Annotated[float | None, About("mean test score; a diverged trial has the baseline's", null="none scored")]
    score_low: Annotated[float | None, About("95 % interval over the seeds", null="no limit can be told")]
    score_high: Annotated[float | None, About("95 % interval over the seeds", null="no limit can be told")]
    score_2t: Annotated[float | None, About("median at length 2 T: a mean of R² is that of its worst")]
    score_4t: Annotated[float | None, About("median at length 4 T")]
    solved: Annotated[int | None, About("trials that solved the task", null="no solved threshold")]
    solved_rate: Annotated[float | None, About("their share", null="no solved threshold")]
    solved_low: Annotated[float | None, About("95 % Wilson interval", null="no solved threshold")]
    solved_high: Annotated[float | None, About("95 % Wilson interval", null="no solved threshold")]
    rmse: Annotated[float | None, About("mean", "that of the target", "no values predicted")]
    steps_to_solved: Annotated[float | None, About("median over those that solved", "steps", "none did")]
    seconds: Annotated[float | None, About("median CPU time of a trial", "s", "no trial")]
    seconds_low: Annotated[float | None, About("least", "s", "no trial")]
    seconds_high: Annotated[float | None, About("most", "s", "no trial")]
    diverged: Annotated[int, About("trials that diverged")]
    baseline: Annotated[float | None, About("score of what learns nothing from a sequence", null="no trial")]


SOLVED, SCORE = "solved-rate", "score"
CONTENDERS = Table("contenders", Summary)


def summaries(frame: pl.DataFrame) -> list[Summary]:
    """The rows of `summarise`, typed."""
    return [Summary(**row) for row in frame.iter_rows(named=True)]


def summarise(evidence: Evidence) -> pl.DataFrame:
    """Columns of `Summary`, from the reporting trials only. A planned contender without trials has trials = 0."""
    overlap = overlap_of(evidence.card)
    rows = [
        _row(evidence, condition, contender, overlap)
        for condition in evidence.plan.conditions()
        for contender in evidence.plan.contenders[condition.source]
    ]
    return pl.DataFrame([vars(row) for row in rows], schema=schema(CONTENDERS), orient="row")


def measured(summary: pl.DataFrame) -> pl.DataFrame:
    """`summarise` with the one number a contender is compared by: measure ("solved-rate" | "score"), value, low, high.

    Success on a task is bimodal (a network solves it or stays at chance), so a mean score alone would mislead there:
    the score is taken where the source has no solved threshold. Rows without a value are left out; baseline is kept for
    scores only, since a baseline has no solved-rate.
    """
    is_rate = pl.col("solved_rate").is_not_null()
    return summary.with_columns(
        pl.when(is_rate).then(pl.lit(SOLVED)).otherwise(pl.lit(SCORE)).alias("measure"),
        pl.when(is_rate).then("solved_rate").otherwise("score").alias("value"),
        pl.when(is_rate).then("solved_low").otherwise("score_low").alias("low"),
        pl.when(is_rate).then("solved_high").otherwise("score_high").alias("high"),
        pl.when(~is_rate).then("baseline").alias("baseline"),
    ).filter(pl.col("value").is_not_null())


def _row(evidence: Evidence, condition: Condition, contender: Contender, overlap: float) -> Summary:
    mine = (pl.col("condition") == condition.key) & (pl.col("contender") == contender.spec)
    tuning, trials = (evidence.trials.filter(mine, pl.col("phase") == phase) for phase in ("tuning", "reporting"))
    rows = rows_of(trials, TrialRow)
    learning_rate = _number(trials["learning_rate"].median())
    return Summary(
        source=condition.source,
        length=condition.length,
        condition=condition.key,
        contender=contender.spec,
        family=FAMILY_OF_CELL.get(contender.cell, contender.cell),
        layers=contender.layers,
        hidden=contender.hidden,
        parameters=contender.parameters,
        state_bits=cast("int | None", trials["state_bits"].max()),
        trials=trials.height,
        diverged=trials.filter(pl.col("outcome") == "diverged").height,
        learning_rate=learning_rate,
        **_tried(sorted(set(tuning["learning_rate"])), learning_rate),
        step_limit=evidence.plan.training_of(condition.source).steps,
        steps_to_solved=_number(trials["steps_to_solved"].median()),
        rmse=_number(trials["rmse"].drop_nans().mean()),
        baseline=_number(trials["baseline_score"].drop_nans().mean()),
        **_score(rows, overlap),
        score_2t=_longer(rows, "score_2t"),
        score_4t=_longer(rows, "score_4t"),
        **_solved(rows),
        **_seconds(trials),
    )


def _tried(rates: list[float], chosen: float | None) -> dict[str, Any]:
    at_edge = None if chosen is None or len(rates) < 2 else chosen in (rates[0], rates[-1])
    return {"rates_tried": len(rates), "rate_at_edge": at_edge}


def _score(rows: list[TrialRow], overlap: float) -> dict[str, Any]:
    values = [score_of(row) for row in rows if _scored(row)]
    low, high = intervals.of_mean(values, overlap)
    mean = sum(values) / len(values) if values else None
    return {"scored": len(values), "score": mean, "score_low": low, "score_high": high}


def _longer(rows: list[TrialRow], name: str) -> float | None:
    values = [score_of(row, name) for row in rows if getattr(row, name) is not None]
    return statistics.median(values) if values else None


def _scored(row: TrialRow) -> bool:
    """It has a score, or it diverged and has the baseline's."""
    return is_number(row.score) or (row.outcome == "diverged" and is_number(row.baseline_score))


def _solved(rows: list[TrialRow]) -> dict[str, Any]:
    if all(row.solved is None for row in rows):
        return {"solved": None, "solved_rate": None, "solved_low": None, "solved_high": None}
    values = [is_solved(row) for row in rows]
    known = [value for value in values if value is not None]
    k, n = sum(known), len(known)
    low, high = intervals.of_share(k, n)
    return {"solved": k, "solved_rate": k / n, "solved_low": low, "solved_high": high}


def _seconds(trials: pl.DataFrame) -> dict[str, Any]:
    seconds = trials["seconds"]
    return {"seconds": seconds.median(), "seconds_low": seconds.min(), "seconds_high": seconds.max()}


def _number(found: object) -> float | None:
    return found if isinstance(found, int | float) else None
