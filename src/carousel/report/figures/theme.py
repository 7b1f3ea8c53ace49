"""The one look of all figures: font, sizes, grid, legend, and the small multiples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from carousel.report.figures.style import Style
from carousel.report.format import power_of_ten

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
INK, SOFT, GRID = "#222222", "#5f6368", "#e9e9e9"
WIDTH, HEIGHT = 400, 210
LEVEL: dict[str, Any] = {"strokeDash": [3, 3], "color": SOFT}  # a rule to compare with: baseline, clip norm
COLUMNS = 2


def data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows for a chart, in the order given. As JSON text: altair copies and checks a list of rows again and again."""
    values = json.dumps(list(rows), ensure_ascii=False, allow_nan=False)
    return alt.InlineData(values=values, format=alt.JsonDataFormat(type="json"))


def panels(charts: Sequence[Any], columns: int = COLUMNS) -> alt.ConcatChart:
    """Small multiples, one a condition, in the house style."""
    grid = alt.concat(*charts, columns=columns, spacing=28)
    return (
        grid.configure(font=FONT, background="white", aria=False, padding=8)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=SOFT,
            titleColor=INK,
            labelFontSize=11,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
            gridColor=GRID,
            domainColor="#9a9a9a",
            tickColor="#9a9a9a",
            labelLimit=0,
            titleLimit=0,
        )
        .configure_title(fontSize=13, fontWeight="bold", anchor="start", color=INK, offset=10, limit=0)
        .configure_concat(spacing=28)
    )


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


def steps(field: str, title: str) -> alt.X:
    """An axis of whole steps that ends where the data end."""
    axis = alt.Axis(title=title, grid=False, tickCount=6, tickMinStep=1, format=",d")
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(nice=False))


def legend(looks: Mapping[str, Style], symbol: str) -> alt.Legend:
    """Above the panels, as many names a row as fit. symbol: "stroke" for lines, "circle" for points."""
    room = 2 * WIDTH // max((_width(name) for name in looks), default=1)
    in_one_row = sum(map(_width, looks)) <= 2 * WIDTH
    columns = len(looks) if in_one_row else max(1, min(len(looks), room))
    shape = {"symbolType": symbol} if symbol == "stroke" else {"symbolDash": [1, 0]}
    return alt.Legend(
        title=None,
        orient="top",
        direction="horizontal",
        columns=columns,
        labelLimit=0,
        labelFontSize=12,
        labelColor=INK,
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


def decades(low: int, high: int, title: str) -> alt.Axis:
    """A linear axis of log10 values, labelled with powers of ten; at most about seven ticks."""
    step = max(1, -(-(high - low) // 7))
    values = list(range(high - high % step if high > 0 else 0, low - 1, -step)) or [low]
    values = [v for v in values if low <= v <= high]
    labels = ",".join(f"'{v}':'{power_of_ten(v)}'" for v in values)
    return alt.Axis(title=title, values=values, labelFontSize=12, labelExpr=f"{{{labels}}}[datum.value]")
