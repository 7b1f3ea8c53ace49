"""How contenders look: hue is the family, shade and dash the initialisation, the point's shape the family again.

The hues (blue, vermilion, green, purple) stay apart in the common forms of colour blindness; the dashes and shapes
carry the same distinction without colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.runner.plan import Plan

HUES = {
    "RNN": ("#0b5394", "#3d9be0", "#5b5fc7", "#0f8a9d"),
    "LSTM": ("#a83c00", "#e8710a", "#c99700", "#7d2b2b"),
    "GRU": ("#00664a", "#35a877", "#6f8f1f", "#24555a"),
    "TRANSFORMER": ("#7a1f7d", "#c05fb8", "#5a3d8a", "#99356b"),
}
OTHER = ("#444444", "#777777", "#999999", "#222222")
DASHES = ([1, 0], [7, 3], [2, 2], [8, 2, 2, 2])
SHAPES = {"RNN": "circle", "LSTM": "square", "GRU": "triangle-up", "TRANSFORMER": "cross"}


@dataclass(frozen=True)
class Style:
    """The look of one contender: its line's colour and dash, its point's shape."""

    colour: str
    dash: list[int]
    shape: str


def styles(plan: Plan) -> dict[str, Style]:
    """The look of each contender of the plan, in the plan's order."""
    looks: dict[str, Style] = {}
    seen: dict[str, int] = {}
    for made in (c for group in plan.contenders.values() for c in group):
        if made.spec not in looks:
            family = FAMILY_OF_CELL.get(made.cell, "")
            looks[made.spec] = _style(family, seen.get(family, 0))
            seen[family] = seen.get(family, 0) + 1
    return looks


def _style(family: str, index: int) -> Style:
    """The `index`-th of its family: sixteen pairs of shade and dash before one comes again."""
    hues = HUES.get(family, OTHER)
    return Style(
        colour=hues[index % len(hues)],
        dash=DASHES[(index + index // len(hues)) % len(DASHES)],
        shape=SHAPES.get(family, "diamond"),
    )
