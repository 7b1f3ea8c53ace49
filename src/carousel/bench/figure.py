"""The benchmark as a figure: ratio by shape, one panel a comparison, the line at 1 where both are equal."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carousel.common.pages.render import svg
from carousel.common.texts import text


def draw(rows: list[dict[str, Any]], lang: str) -> str:
    """SVG."""
    table = pl.DataFrame(rows).with_columns(
        pl.col("against").replace_strict({k: text(f"bench.{k}", lang) for k in _KINDS})
    )
    base = alt.Chart(table)
    x = alt.X("shape:N", sort=None, title=text("bench.shape", lang), axis=alt.Axis(labelAngle=-30))
    y = alt.Y("ratio:Q", scale=alt.Scale(type="log"), title=text("bench.ratio", lang))
    colour = alt.Color("cell:N", title=None)
    points = base.mark_point(filled=True, size=60).encode(
        x=x, y=y, color=colour, shape=alt.Shape("threads:N", title=text("bench.threads", lang))
    )
    bars = base.mark_rule().encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=colour)
    line = base.mark_rule(strokeDash=[4, 4], color="grey").encode(y=alt.YDatum(1))
    chart = alt.layer(line, bars, points).properties(width=230, height=220)
    panels = chart.facet(column=alt.Column("against:N", title=None, sort=None)).resolve_scale(y="independent")
    return svg(panels, "bench")


_KINDS = ("torch", "packed", "loop", "recorded", "recorded-loop")
