"""A forest plot in a table: the interval of each row, all on one scale, with a mark at zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

from carousel.experiments.decision.statistics.interval import UNBOUNDED
from carousel.experiments.decision.verdict import Effect

WIDTH, HEIGHT, EDGE = 120, 14, 5


def forest_plot(effects: Sequence[Effect]) -> tuple[str, ...]:
    """One SVG an effect, empty where it has no value. An end without a limit runs to the edge."""
    found = [value for effect in effects for value in (effect.value, *effect.ci95)]
    known = [value for value in found if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    return tuple(_row(effect, low, (high - low) or 1.0) for effect in effects)


def _row(effect: Effect, start: float, room: float) -> str:
    if effect.value is None:
        return ""

    def at(v: float, edge: float = 0.0) -> float:
        return round(EDGE + (v - start) / room * (WIDTH - 2 * EDGE), 1) if math.isfinite(v) else edge

    zero, middle = at(0.0), HEIGHT / 2
    low, high = effect.ci95
    bar = "" if effect.ci95 == UNBOUNDED else _line(at(low), middle, at(high, WIDTH), middle, "bar")
    return (
        f'<svg class="forest" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'{_line(zero, 0, zero, HEIGHT, "zero")}{bar}<circle cx="{at(effect.value)}" cy="{middle}" r="3"/></svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
