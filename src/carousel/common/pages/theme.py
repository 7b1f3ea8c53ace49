"""The one look of all figures: font, sizes, grid, axes, and the small multiples.

Figures name a channel, as in `text=alt.Text("says:N")`: for each text in its place altair makes a table of all its
classes, which takes longer than the rest of a panel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
INK, SOFT, GRID = "#222222", "#5f6368", "#e9e9e9"
WIDTH, HEIGHT = 400, 210
LEVEL: dict[str, Any] = {"strokeDash": [3, 3], "color": SOFT}  # a rule to compare with: baseline, clip norm
COLUMNS = 2
SPACING = 28  # pixels between panels


def data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows for a chart, in the order given. As JSON text: altair copies and checks a list of rows again and again."""
    values = json.dumps(list(rows), ensure_ascii=False, allow_nan=False)
    return alt.InlineData(values=values, format=alt.JsonDataFormat(type="json"))


def panels(charts: Sequence[Any], columns: int = COLUMNS) -> alt.ConcatChart:
    """Small multiples in the style of all figures."""
    chart: alt.ConcatChart = styled(alt.concat(*charts, columns=columns, spacing=SPACING))
    return chart


def styled(chart: Any) -> Any:
    """A whole chart in the style of all figures; panels are styled by what holds them.

    In one piece: altair copies the chart, each panel and each layer of it at every `configure`.
    """
    axis = alt.AxisConfig(
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
    title = alt.TitleConfig(fontSize=13, fontWeight="bold", anchor="start", color=INK, offset=10, limit=0)
    whole = chart.copy(deep=False)
    whole.config = alt.Config(
        font=FONT,
        background="white",
        aria=False,
        padding=8,
        view=alt.ViewConfig(stroke=None),
        axis=axis,
        title=title,
        concat=alt.CompositionConfig(spacing=SPACING),
    )
    return whole


def steps(field: str, title: str) -> alt.X:
    """An axis of whole steps from 0 to where the data end."""
    axis = alt.Axis(title=title, grid=False, tickCount=6, tickMinStep=1, format=",d")
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))


def titled(title: str, notes: Sequence[str] = ()) -> alt.TitleParams:
    """A heading with lines of small print below it."""
    return alt.TitleParams(title, subtitle=list(notes), offset=14, subtitleColor=SOFT, subtitleFontSize=11,
                           subtitlePadding=5, subtitleLineHeight=15)  # fmt: skip


def line_legend(columns: int) -> alt.Legend:
    """Above a panel of lines, so many names a row; full strength, also where a faint band has the same colour."""
    return alt.Legend(title=None, orient="top", columns=columns, columnPadding=18, labelFontSize=12, labelColor=INK,
                      labelLimit=0, symbolType="stroke", symbolSize=500, symbolOpacity=1,
                      symbolStrokeWidth=2.2)  # fmt: skip
