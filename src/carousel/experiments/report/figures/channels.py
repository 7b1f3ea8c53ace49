"""Colour, dash, shape and legend: which contender is which, the same in all figures of a run."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from carousel.common.pages import theme
from carousel.experiments.report.figures.style import Style


def colour(looks: Mapping[str, Style], legend: alt.Legend | None) -> alt.Color:
    """Colour by contender."""
    scale = alt.Scale(domain=list(looks), range=[s.colour for s in looks.values()])
    return alt.Color("contender:N", scale=scale, legend=legend)


def dash(looks: Mapping[str, Style], legend: alt.Legend | None) -> alt.StrokeDash:
    """Dash by contender."""
    scale = alt.Scale(domain=list(looks), range=[s.dash for s in looks.values()])
    return alt.StrokeDash("contender:N", scale=scale, legend=legend)


def shape(looks: Mapping[str, Style], legend: alt.Legend | None) -> alt.Shape:
    """Point shape by contender (the same for a whole family)."""
    scale = alt.Scale(domain=list(looks), range=[s.shape for s in looks.values()])
    return alt.Shape("contender:N", scale=scale, legend=legend)


def legend(looks: Mapping[str, Style], symbol: str) -> alt.Legend:
    """Above the panels, as many names a row as fit. symbol: "stroke" for lines, "circle" for points."""
    room = 2 * theme.WIDTH // max((_width(name) for name in looks), default=1)
    in_one_row = sum(map(_width, looks)) <= 2 * theme.WIDTH
    columns = len(looks) if in_one_row else max(1, min(len(looks), room))
    shape = {"symbolType": symbol} if symbol == "stroke" else {"symbolDash": [1, 0]}
    return alt.Legend(
        title=None,
        orient="top",
        direction="horizontal",
        columns=columns,
        labelLimit=0,
        labelFontSize=12,
        labelColor=theme.INK,
        symbolSize=500 if symbol == "stroke" else 80,
        symbolOpacity=1,
        symbolStrokeWidth=2.2,
        columnPadding=22,
        rowPadding=4,
        offset=14,
        **shape,
    )


def _width(name: str) -> int:
    """Pixels that an entry of the legend takes, about."""
    return 7 * len(name) + 60
