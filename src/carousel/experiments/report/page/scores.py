"""The table of scores by class, of the network whose answers the page shows."""

from __future__ import annotations

from carousel.common.pages.numbers import count, fixed
from carousel.common.texts import text
from carousel.experiments.report.page.view import Table
from carousel.experiments.report.tables.answers import auroc, class_scores
from carousel.experiments.results.answered import Answers

_COLUMNS = ("class", "sequences", "recall", "precision", "f1")


def score_table(answers: Answers | None, lang: str) -> Table | None:
    """None where the file has no classes, or no answers are stored."""
    if answers is None or answers.kind != "classification" or answers.spread.is_empty():
        return None
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
