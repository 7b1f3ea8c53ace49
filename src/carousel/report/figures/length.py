"""Figure: solved-rate against the length of the sequences; for a user's file, score against the history seen."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.figures.base import Figure, Setting
from carousel.report.names import files, length_name


@final
class Length(Figure):
    """`frame` of `contenders.summarise`: solved-rate with Wilson interval, or mean score with t-interval."""

    name = "length"

    def __init__(self, setting: Setting, frame: pl.DataFrame):
        self.setting = setting
        rate = pl.col("solved_rate").is_not_null()
        self.frame = frame.select(
            "source",
            "length",
            "condition",
            "contender",
            "trials",
            "baseline",
            pl.when(rate).then(pl.lit("solved-rate")).otherwise(pl.lit("score")).alias("measure"),
            pl.when(rate).then("solved_rate").otherwise("score").alias("value"),
            pl.when(rate).then("solved_low").otherwise("score_low").alias("low"),
            pl.when(rate).then("solved_high").otherwise("score_high").alias("high"),
        ).filter(pl.col("value").is_not_null())

    def caption(self, lang: str) -> str:
        kinds = [kind for kind in ("solved-rate", "score") if kind in set(self.frame["measure"])]
        return " ".join(self.text(f"caption_{kind.replace('-', '_')}", lang) for kind in kinds)

    def draw(self, lang: str) -> alt.ConcatChart:
        sources = [s.name for s in self.setting.plan.sources]
        parts = [(name, self.frame.filter(pl.col("source") == name)) for name in sources]
        return theme.panels([self._panel(name, part, lang) for name, part in parts if not part.is_empty()])

    def _panel(self, source: str, part: pl.DataFrame, lang: str) -> Any:
        x, y = self._axes(source, part, lang)
        looks = self.setting.looks
        legend = theme.legend(looks)
        rows = [{**row, "at": length_name(row["length"], lang)} for row in part.iter_rows(named=True)]
        base = alt.Chart(theme.data(rows)).encode(x=x, xOffset=alt.XOffset("contender:N", sort=list(looks)))
        line = base.mark_line(strokeWidth=1.2, opacity=0.55).encode(
            y=y, color=theme.colour(looks, legend), strokeDash=theme.dash(looks, legend)
        )
        bar = base.mark_rule(strokeWidth=1.6).encode(
            y=alt.Y("low:Q", title=None), y2="high:Q", color=theme.colour(looks, legend)
        )
        point = base.mark_point(filled=True, size=55, opacity=1).encode(
            y=y, color=theme.colour(looks, legend), shape=theme.shape(looks, None)
        )
        layers = [*self._baseline(part, x), line, bar, point]
        return alt.layer(*layers).properties(width=theme.WIDTH + 60, height=theme.HEIGHT, title=source)

    def _axes(self, source: str, part: pl.DataFrame, lang: str) -> tuple[alt.X, alt.Y]:
        lengths = sorted(set(part["length"]), key=lambda n: n or float("inf"))
        kind = "history" if source in files(self.setting.plan) else "length"
        order = [length_name(n, lang) for n in lengths]
        rates = set(part["measure"]) == {"solved-rate"}
        scale = alt.Scale(domain=[0, 1]) if rates else alt.Scale(zero=False)
        x = alt.X("at:O", sort=order, axis=alt.Axis(title=self.text(kind, lang), labelAngle=0))
        measure = "solved" if rates else "score"
        return x, alt.Y("value:Q", scale=scale, axis=alt.Axis(title=self.text(measure, lang), tickCount=5))

    def _baseline(self, part: pl.DataFrame, x: alt.X) -> list[Any]:
        """A dashed line at the baseline's score, where scores are shown."""
        values = part.filter(pl.col("measure") == "score")["baseline"].drop_nulls()
        if values.is_empty():
            return []
        rule = alt.Chart(theme.data([{"value": values.mean()}]))
        return [rule.mark_rule(strokeDash=[3, 3], color=theme.SOFT).encode(y="value:Q")]
