"""Which stored answers stand for the network of a report: those of its reporting trials, each on its own test part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.export import refit_of
from carousel.experiments.training.description import Contender


@dataclass(frozen=True)
class Answers:
    """table: rows of `tables.ANSWERS`. kind: of the file. classes: their names in the order of their numbers. left_out:
    how many test examples there are beside those of `spread`, over all splits. series: of a forecast the names of
    several, by the row where each begins; empty in folders of before 2026-11-30.
    """

    made: Contender
    table: pl.DataFrame
    kind: str
    classes: tuple[str, ...]
    left_out: int
    series: Mapping[int, str] = field(default_factory=dict)

    @property
    def spread(self) -> pl.DataFrame:
        """The rows that scores may be made from: finite answers of examples at even distances."""
        return self.table.filter(pl.col("spread") & pl.col("predicted").is_not_null())


def answers_of(evidence: Evidence, wanted: str | None) -> Answers | None:
    """Of the contender `wanted`, else of the one that was trained on the whole file; None where nothing is stored."""
    if evidence.card is None or evidence.answers.is_empty():
        return None
    stored = set(evidence.answers["job"])
    fit = [r for r in evidence.refits if r.job in stored and refit_of(evidence, r.description.trial.contender.spec) ==
           r.description]  # fmt: skip
    if not fit:
        return None
    chosen = next((r for r in fit if r.description.trial.contender.spec == wanted), fit[0])
    table = evidence.answers.filter(job=chosen.job)
    per_split = table.filter("spread").group_by("seed").agg(pl.col("sequence").n_unique())["sequence"]
    left_out = len(per_split) * evidence.card["split"]["test"] - int(per_split.sum())
    classes = tuple(str(each["name"]) for each in evidence.card["classes"] or ())
    forecast = evidence.card.get("forecast")
    named = {} if forecast is None else forecast.get("series", {})
    series = {int(begin): name for begin, name in named.items()}
    return Answers(chosen.description.trial.contender, table, evidence.card["kind"], classes, max(0, left_out), series)
