"""Picture of a file: a dot for each split at its test score; networks above, simple methods below, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from carousel.common.pages.numbers import fixed
from carousel.common.texts import text
from carousel.experiments.decision.ranking import Ranked
from carousel.experiments.decision.results import score
from carousel.experiments.report.first.picture import COLUMN, family, line, svg, wide, words
from carousel.experiments.report.first.plain_names import network
from carousel.experiments.report.first.words import COMMA, say
from carousel.experiments.runner.plan import Contender
from carousel.experiments.tables import RivalRow

HIGH, RADIUS, TOP, FOOT, GAP = 22.0, 4.0, 8.0, 24.0, 14.0
NARROWEST, WIDEST = 140.0, 260.0  # px of the dots; between them what the names leave of a column


class _Row(NamedTuple):
    """label: the name beside the dots. kind: the class of its colour. scores: one a split."""

    label: str
    kind: str
    scores: list[float]


class _Axis(NamedTuple):
    """left, width: in pixels. low, high: the least and the largest score."""

    left: float
    width: float
    low: float
    high: float

    def at(self, value: float) -> float:
        """Pixels from the left; scores that are all alike stand on the right."""
        if self.low == self.high:
            return self.left + self.width
        return self.left + self.width * (value - self.low) / (self.high - self.low)


def splits_picture(
    ranked: Sequence[Ranked], made: dict[str, Contender], rivals: dict[str, dict[int, RivalRow]], lang: str
) -> tuple[str, str, str] | None:
    """SVG, title, caption; None where no simple method was run."""
    if not rivals or not ranked:
        return None
    networks = [
        _Row(network(made[each.spec], lang, "label"), family(made[each.spec]), [score(r) for r in each.trials.values()])
        for each in ranked
    ]
    simple = [
        _Row(text(f"first.rival.{name}", lang), "of-simple", [r.score for r in rows.values()])
        for name, rows in rivals.items()
    ]
    rows = [*_best_first(networks), *_best_first(simple)]
    left = max(wide(row.label) for row in rows) + GAP
    width = min(WIDEST, max(NARROWEST, COLUMN - left - 2 * GAP))
    low, high = min(min(r.scores) for r in rows), max(max(r.scores) for r in rows)
    axis = _Axis(left, width, low, high)
    marks = [mark for k, row in enumerate(rows) for mark in _drawn(row, TOP + k * HIGH, axis)]
    foot = TOP + len(rows) * HIGH
    marks += [line(left, foot, left + width, foot, "grid"), *_feet(foot, axis)]
    title = say("first.splits.title", lang)
    each = COMMA[lang].join(f"{row.label} {fixed(fmean(row.scores))}" for row in rows)
    desc = say("first.splits.desc", lang, each=each)
    size = (left + width + 2 * GAP, foot + FOOT)
    return svg(f"splits-{lang}", size, title, desc, marks), title, say("first.splits.caption", lang)


def _best_first(rows: list[_Row]) -> list[_Row]:
    return sorted(rows, key=lambda row: -fmean(row.scores))


def _drawn(row: _Row, y: float, axis: _Axis) -> list[str]:
    dots = [
        f'<circle class="dot {row.kind} empty" cx="{axis.at(value):.1f}" cy="{y + HIGH / 2:g}" r="{RADIUS:g}"/>'
        for value in row.scores
    ]
    at = axis.at(fmean(row.scores))
    mean = f'<path class="dot {row.kind}" d="M{at:.1f} {y + 3:g}V{y + HIGH - 3:g}"/>'
    return [words(0, y + HIGH / 2 + 4, row.label, "name"), *dots, mean]


def _feet(foot: float, axis: _Axis) -> list[str]:
    """The least and the largest score; one of them where they are alike."""
    right = (axis.left + axis.width, axis.high, "end")
    ends = [right] if axis.low == axis.high else [(axis.left, axis.low, "start"), right]
    return [words(x, foot + 17, fixed(value), "tick", anchor) for x, value, anchor in ends]
