"""The table of scores by class or by series, of the network whose answers the page shows."""

from __future__ import annotations

import polars as pl

from carousel.common.pages.numbers import count, fixed
from carousel.common.texts import text
from carousel.experiments.report.first.plot_area import short
from carousel.experiments.report.page.view import Table
from carousel.experiments.report.tables.answers import auroc, by_series, class_scores
from carousel.experiments.results.answered import Answers

_OF_SERIES = ("series", "column", "answers", "error", "r2")
_MOST = 20  # series shown
_COLUMNS = ("class", "sequences", "recall", "precision", "f1")


def score_table(answers: Answers | None, lang: str) -> Table | None:
    """By class, or by series of several; None of other files, and where no answers are stored."""
    if answers is None or answers.spread.is_empty():
        return None
    if answers.series:
        return _series_table(answers, lang)
    return _class_table(answers, lang) if answers.kind == "classification" else None


def _series_table(answers: Answers, lang: str) -> Table:
    scores = by_series(answers)
    (mean,) = scores.select(pl.col("r2").mean()).row(0)
    means = {"mean": fixed(mean), "count": count(len(scores)), "shown": count(min(_MOST, len(scores)))}
    return Table(
        title=text("report.scores.title_series", lang, name=answers.made.spec),
        headers=tuple(text(f"report.scores.{name}", lang) for name in _OF_SERIES),
        rows=tuple((name, column, count(n), short(error), fixed(r2))
                   for name, column, n, error, r2 in scores.head(_MOST).iter_rows()),
        numeric=frozenset((2, 3, 4)),
        notes=(text("report.scores.means_series", lang, **means),),
    )  # fmt: skip


def _class_table(answers: Answers, lang: str) -> Table:
    scores = class_scores(answers)
    means = {"balanced": fixed(scores.balanced_accuracy), "f1": fixed(scores.macro_f1)}
    notes = [text("report.scores.means", lang, **means)]
    area = auroc(answers)
    if area is not None:
        notes.append(text("report.scores.auroc", lang, area=fixed(area)))
    if answers.left_out:
        notes.append(text("report.scores.left_out", lang, count=count(answers.left_out)))
    return Table(
        title=text("report.scores.title", lang, name=answers.made.spec),
        headers=tuple(text(f"report.scores.{name}", lang) for name in _COLUMNS),
        rows=tuple((name, count(n), *map(fixed, rest)) for name, n, *rest in scores.by_class.iter_rows()),
        numeric=frozenset(range(1, len(_COLUMNS))),
        notes=tuple(notes),
    )
