"""A forest plot in a table: the interval of each row, all on one scale, with a mark at zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 120, 14, 5
Measured = tuple[float | None, float | None, float | None]  # value, low, high


def forest_plot(rows: Sequence[Measured]) -> tuple[str, ...]:
    """One SVG a row, empty where there is no value. An end without a limit runs to the edge."""
    known = [v for row in rows for v in row if v is not None and math.isfinite(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    return tuple(_row(row, low, (high - low) or 1.0) for row in rows)


def _row(row: Measured, start: float, room: float) -> str:
    value, low, high = row
    if value is None:
        return ""

    def at(v: float | None, edge: float) -> float:
        return edge if v is None else round(EDGE + (v - start) / room * (WIDTH - 2 * EDGE), 1)

    zero, middle = at(0.0, 0.0), HEIGHT / 2
    no_interval = low is None and high is None
    bar = "" if no_interval else _line(at(low, 0.0), middle, at(high, WIDTH), middle, "bar")
    return (
        f'<svg class="forest" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'{_line(zero, 0, zero, HEIGHT, "zero")}{bar}<circle cx="{at(value, 0.0)}" cy="{middle}" r="3"/></svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
