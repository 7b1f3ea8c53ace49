"""Scores of the stored answers: by class, by pair of classes, by step ahead. Pooled over the reporting splits."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from carousel.experiments.results.answered import Answers


class ClassScores(NamedTuple):
    """by_class: class, sequences, recall, precision, f1 (null where nothing defines them). balanced_accuracy: mean
    recall over the classes that occur. macro_f1: mean F1 over those that occur or were answered."""

    by_class: pl.DataFrame
    balanced_accuracy: float
    macro_f1: float


def frames(answers: Answers | None) -> dict[str, pl.DataFrame]:
    """The tables of a run folder, by name; none where no answers are stored."""
    if answers is None or answers.spread.is_empty():
        return {}
    found = {"answers": answers.table}
    if answers.kind == "classification":
        found |= {"confusion": confusion(answers), "classes": class_scores(answers).by_class}
    if answers.kind == "forecast":
        found |= {"ahead": by_step_ahead(answers)} | ({"series": by_series(answers)} if answers.series else {})
    return found


def confusion(answers: Answers) -> pl.DataFrame:
    """truth, predicted, count: every pair of classes, also those of count 0, in the card's order."""
    codes = pl.DataFrame({"code": range(len(answers.classes)), "name": answers.classes})
    codes = codes.with_columns(pl.col("code").cast(pl.Float64), pl.col("name").cast(pl.String))
    pairs = codes.rename({"code": "t", "name": "truth"}).join(
        codes.rename({"code": "p", "name": "predicted"}), how="cross"
    )
    counts = answers.spread.group_by(t="truth", p="predicted").agg(count=pl.len())
    joined = pairs.join(counts, on=["t", "p"], how="left").sort("t", "p")
    return joined.select("truth", "predicted", pl.col("count").fill_null(0).cast(pl.Int64))


def class_scores(answers: Answers) -> ClassScores:
    """From the confusion matrix."""
    size = len(answers.classes)
    matrix = confusion(answers)["count"].to_numpy().reshape(size, size)
    right, true, said = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    by_class = pl.DataFrame({"class": answers.classes, "sequences": true, "right": right, "said": said})
    right_of = {name: pl.when(pl.col(of) > 0).then(pl.col("right") / pl.col(of)) for name, of in _OF.items()}
    known = pl.col("sequences") + pl.col("said")
    f1 = pl.when(known > 0).then(2 * pl.col("right") / known)
    table = by_class.select("class", "sequences", **right_of, f1=f1)
    means = table.select(pl.col("recall").mean(), pl.col("f1").mean()).row(0)
    return ClassScores(table, *means)


def auroc(answers: Answers) -> float | None:
    """Area under the receiver operating characteristic of two classes (Hanley and McNeil 1982), the mean over splits:
    outputs of two networks have no order in common. None for other files, where a part has one class alone, or where
    no probabilities are stored."""
    if len(answers.classes) != 2:
        return None
    rows = answers.spread.select("seed", one=pl.col("truth") == 1, right=pl.col("right").fill_nan(None))
    rows = rows.with_columns(chance=pl.when("one").then("right").otherwise(1 - pl.col("right")))
    areas = [_area(split) for split in rows.partition_by("seed", maintain_order=True)]
    known = [area for area in areas if area is not None]
    return sum(known) / len(known) if known and len(known) == len(areas) else None


def _area(split: pl.DataFrame) -> float | None:
    """How often an example of the second class has the higher chance of being one; of ties a half (Mann-Whitney)."""
    ones = int(split["one"].sum())
    pairs = ones * (len(split) - ones)
    if not pairs or split["chance"].null_count():
        return None
    ranks = split["chance"].rank("average").filter(split["one"]).to_numpy()
    return (float(ranks.sum()) - ones * (ones + 1) / 2) / pairs


_OF = {"recall": "sequences", "precision": "said"}


def by_step_ahead(answers: Answers) -> pl.DataFrame:
    """column, ahead, windows, error (mean absolute, in the column's unit), held (share of truths in the interval)."""
    off = (pl.col("predicted") - pl.col("truth")).abs()
    grouped = answers.spread.group_by("column", "ahead", maintain_order=True)
    return grouped.agg(windows=pl.len(), error=off.mean(), held=(off <= pl.col("half")).mean())


def by_series(answers: Answers) -> pl.DataFrame:
    """series, column, answers, error (mean absolute), r2 (null where the truths are all alike), all splits together, in
    the unit that the series has: the worst first."""
    off, truth = pl.col("predicted") - pl.col("truth"), pl.col("truth")
    spread = ((truth - truth.mean()) ** 2).sum()
    r2 = pl.when(spread > 0).then(1 - (off**2).sum() / spread)
    found = answers.spread.group_by("series", "column").agg(answers=pl.len(), error=off.abs().mean(), r2=r2)
    named = found.with_columns(pl.col("series").replace_strict(dict(answers.series), return_dtype=pl.String))
    return named.sort("r2", "series", "column", nulls_last=True)
