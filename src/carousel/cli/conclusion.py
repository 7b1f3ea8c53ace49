"""What a run came to, on a terminal: the first screen of its report, and where the report is. No torch."""

from __future__ import annotations

from pathlib import Path

from carousel.cli.columns import wrapped
from carousel.cli.console import Console
from carousel.common.pages import numbers as shown
from carousel.common.texts import text
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.finalise import finalise
from carousel.experiments.report.first import GAP, Line, first_screen
from carousel.experiments.results.evidence import without_curves
from carousel.experiments.results.load import load_evidence

_WIDTH = 100  # of wrapped paragraphs, in columns


def report(folder: Path, as_json: bool, lang: str) -> None:
    """Judge a run folder anew, rebuild its report and print what it came to."""
    console = Console(lang, quiet=as_json)
    print_conclusion(console, finalise(load_evidence(folder), lang), as_json=as_json)


def print_conclusion(console: Console, conclusion: Conclusion, *, as_json: bool) -> None:
    """What to use and why, a line a claim, and where the report is; with as_json also verdicts.json."""
    if as_json:
        console.json({**conclusion.judgement.as_json(), "folder": str(conclusion.folder)})
    screen = first_screen(conclusion.evidence, conclusion.judgement, console.lang)
    for sentences in ([*screen.use, screen.code], screen.why):
        console.lines(wrapped(GAP[console.lang].join(filter(None, sentences)), _WIDTH))
    for line in screen.lines:
        console.lines(_claim(line, console.lang))
    if missing := without_curves(conclusion.evidence):
        console.say("cli.missing_curves", n=shown.count(missing))
    console.say("cli.report", path=conclusion.report)


def _claim(line: Line, lang: str) -> list[str]:
    """ "✗ Stacking: refuted. At equal size ...", at most two lines on a terminal."""
    said = text("cli.claim", lang, mark=line.mark, title=line.title, verdict=line.word, says=line.says)
    return wrapped(f"{said} {line.reference}", _WIDTH, indent="  ")
