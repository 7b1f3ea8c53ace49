"""The contenders on a terminal, condition by condition, the baseline below them: from the frame the report prints."""

from __future__ import annotations

from carousel.cli.console import Console
from carousel.common.pages import numbers as shown
from carousel.common.texts import text
from carousel.experiments.report.contenders import summarise
from carousel.experiments.results.evidence import Evidence

_COLUMNS = ("condition", "contender", "score", "solved", "rate", "seconds")


def print_table(console: Console, evidence: Evidence) -> None:
    """One line a contender and condition, with the mean test score of its reporting trials."""
    rows: list[list[str]] = []
    for (condition,), contenders in summarise(evidence).group_by("condition", maintain_order=True):
        for row in contenders.iter_rows(named=True):
            solved = shown.MISSING if row["solved"] is None else f"{row['solved']}/{row['trials']}"
            rate = shown.MISSING if row["learning_rate"] is None else shown.rate(row["learning_rate"])
            numbers = [shown.fixed(row["score"]), solved, rate, shown.fixed(row["seconds"], 1)]
            rows.append([str(condition), row["contender"], *numbers])
        baseline = contenders["baseline"].drop_nulls()
        score = shown.fixed(baseline[0]) if len(baseline) else shown.MISSING
        rows.append([str(condition), text("cli.table.baseline", console.lang), score, "", "", ""])
    console.table([text(f"cli.table.{name}", console.lang) for name in _COLUMNS], rows)
