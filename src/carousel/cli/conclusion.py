"""What a run came to, on a terminal: the contenders, the verdicts, the advice, and where the report is. No torch."""

from __future__ import annotations

import textwrap
from pathlib import Path

from carousel.cli.console import Console
from carousel.common.pages import numbers as shown
from carousel.common.texts import text
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.decision.verdict import Verdict
from carousel.experiments.finalise import finalise
from carousel.experiments.results.evidence import without_curves
from carousel.experiments.results.load import load_evidence

_COLUMNS = ("condition", "contender", "score", "solved", "rate", "seconds")
_WIDTH = 100  # of wrapped paragraphs, in columns


def report(folder: Path, as_json: bool, lang: str) -> None:
    """Judge a run folder anew, rebuild its report and print what it came to."""
    console = Console(lang, quiet=as_json)
    print_conclusion(console, finalise(load_evidence(folder), lang), as_json=as_json)


def print_conclusion(console: Console, conclusion: Conclusion, *, as_json: bool) -> None:
    """The table, the verdicts, the advice, and where the report is; with as_json also verdicts.json."""
    if as_json:
        console.json({**conclusion.judgement.as_json(), "folder": str(conclusion.folder)})
    _print_contenders(console, conclusion)
    for verdict in conclusion.verdicts.values():
        _print_verdict(console, verdict)
    console.lines([conclusion.advice[console.lang]])
    if missing := without_curves(conclusion.evidence):
        console.say("cli.missing_curves", n=shown.count(missing))
    console.say("cli.report", path=conclusion.report)


def _print_contenders(console: Console, conclusion: Conclusion) -> None:
    """One line a contender and condition, with the mean test score of its reporting trials; the baseline below."""
    rows: list[list[str]] = []
    for (condition,), contenders in conclusion.contenders.group_by("condition", maintain_order=True):
        for row in contenders.iter_rows(named=True):
            solved = shown.MISSING if row["solved"] is None else f"{row['solved']}/{row['trials']}"
            rate = shown.MISSING if row["learning_rate"] is None else shown.rate(row["learning_rate"])
            numbers = [shown.fixed(row["score"]), solved, rate, shown.fixed(row["seconds"], 1)]
            rows.append([str(condition), row["contender"], *numbers])
        baseline = contenders["baseline"].drop_nulls()
        score = shown.fixed(baseline[0]) if len(baseline) else shown.MISSING
        rows.append([str(condition), text("cli.table.baseline", console.lang), score, "", "", ""])
    limits = dict.fromkeys(map(shown.count, conclusion.contenders["step_limit"]))
    console.table([text(f"cli.table.{name}", console.lang, steps="/".join(limits)) for name in _COLUMNS], rows)


def _print_verdict(console: Console, verdict: Verdict) -> None:
    """One claim: its title, its verdict and why."""
    title = text(f"claims.{verdict.claim}.title", console.lang)
    console.say("cli.verdict", title=title, verdict=text(f"claims.verdicts.{verdict.verdict}", console.lang))
    width = _WIDTH if console.lang == "en" else _WIDTH // 2  # a Chinese character takes two columns
    because = verdict.because[console.lang]
    console.lines(textwrap.wrap(because, width, initial_indent="    ", subsequent_indent="    "))
