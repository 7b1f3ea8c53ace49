"""Picture: a dot for each training, filled where it solved the task; networks downwards, tasks across."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from carousel.experiments.report.first.picture import family, svg, wide, words
from carousel.experiments.report.first.plain_names import network, task
from carousel.experiments.report.first.words import COMMA, say
from carousel.experiments.report.names import conditions
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.plan import Condition, Contender, Plan

STEP, RADIUS, HEAD, PAD = 11.0, 4.0, 50.0, 14.0
NARROWEST = 64.0  # "100 steps" and a gap

Dots = dict[tuple[str, str], list[bool]]


def happened_picture(evidence: Evidence, lang: str) -> tuple[str, str, str] | None:
    """SVG, title, caption; None where nothing says what is solved."""
    dots = _dots(evidence)
    if not dots:
        return None
    plan = evidence.plan
    across = [c for c in conditions(plan) if any(key == c.key for key, _ in dots)]
    made = list({c.spec: c for group in plan.contenders.values() for c in group}.values())
    made = [c for c in made if any(spec == c.spec for _, spec in dots)]
    title = say("first.happened.title", lang)
    box = _Box(dots, max(wide(network(c, lang, "label")) for c in made))
    marks = [
        *_heads(plan, across, box, lang),
        *(m for k, c in enumerate(made) for m in _row(c, k, across, dots, box, lang)),
    ]
    size = (box.names + box.wide * len(across), HEAD + box.high * len(made))
    desc = say("first.happened.desc", lang, each=COMMA[lang].join(_each(c, dots, lang) for c in made))
    return svg(f"happened-{lang}", size, title, desc, marks), title, say("first.happened.caption", lang)


class _Box:
    """A cell: `columns` dots a line, so that a cell is wider than high."""

    def __init__(self, dots: Dots, names: float):
        self.names = names + PAD / 2
        most = max(map(len, dots.values()))
        self.columns = max(3, math.ceil(math.sqrt(1.5 * most)))
        self.wide = max(NARROWEST, self.columns * STEP + PAD)
        self.high = math.ceil(most / self.columns) * STEP + PAD


def _dots(evidence: Evidence) -> Dots:
    """By condition and contender, the solved ones first. A training that diverged did not solve it."""
    reported = evidence.trials.filter(pl.col("phase") == "reporting")
    lined = set(reported.filter(pl.col("solved").is_not_null())["condition"])
    found: Dots = {}
    for condition, spec, solved in reported.select("condition", "contender", "solved").iter_rows():
        if condition in lined:
            found.setdefault((condition, spec), []).append(bool(solved))
    return {key: sorted(each, reverse=True) for key, each in found.items()}


def _heads(plan: Plan, across: Sequence[Condition], box: _Box, lang: str) -> list[str]:
    """The task above its first column, in two lines where it has two words; the length above each."""
    marks = []
    for k, each in enumerate(across):
        x = box.names + k * box.wide
        if k == 0 or across[k - 1].source != each.source:
            name = task(plan, each.source, lang)
            fits = sum(other.source == each.source for other in across) * box.wide > 7.2 * len(name)
            lines = [name] if fits else name.split(" ", 1)
            marks += [words(x, 13.0 + 14 * (n + 2 - len(lines)), says, "name") for n, says in enumerate(lines[:2])]
        marks.append(words(x, 43, say("first.happened.condition", lang, length=each.length), "tick"))
    return marks


def _row(made: Contender, k: int, across: Sequence[Condition], dots: Dots, box: _Box, lang: str) -> list[str]:
    y = HEAD + k * box.high
    marks = [words(0, y + box.high / 2 + 1, network(made, lang, "label"), "name")]
    for n, condition in enumerate(across):
        for i, solved in enumerate(dots.get((condition.key, made.spec), [])):
            cx = box.names + n * box.wide + RADIUS + 1 + i % box.columns * STEP
            cy = y + RADIUS + 2 + i // box.columns * STEP
            kind = f"dot {family(made)} {'full' if solved else 'empty'}"
            marks.append(f'<circle class="{kind}" cx="{cx:g}" cy="{cy:g}" r="{RADIUS:g}"/>')
    return marks


def _each(made: Contender, dots: Dots, lang: str) -> str:
    runs = [solved for (_, spec), each in dots.items() if spec == made.spec for solved in each]
    return say("first.happened.each", lang, name=network(made, lang), solved=sum(runs), n=len(runs))
