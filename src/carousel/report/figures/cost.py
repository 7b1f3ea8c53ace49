"""Figure: what a contender scores against the seconds its training takes."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.figures.base import Figure, Setting
from carousel.study.plan import Condition


@final
class Cost(Figure):
    """`frame` of `contenders.summarise`: mean score with its t-interval, median seconds of a trial with their range."""

    name = "cost"

    def __init__(self, setting: Setting, frame: pl.DataFrame):
        self.setting = setting
        columns = ["condition", "contender", "parameters", "score", "score_low", "score_high"]
        self.frame = frame.select(*columns, "seconds", "seconds_low", "seconds_high", "baseline").filter(
            pl.col("score").is_not_null() & pl.col("seconds").is_not_null()
        )

    def draw(self, lang: str) -> alt.ConcatChart:
        return theme.panels(self.by_condition(lambda condition, part: self._panel(condition, part, lang)))

    def _panel(self, condition: Condition, part: pl.DataFrame, lang: str) -> Any:
        looks = self.setting.looks
        legend = theme.legend(looks, symbolSize=90)
        colour = theme.colour(looks, legend)
        base = alt.Chart(theme.data(list(part.iter_rows(named=True))))
        x = alt.X("seconds:Q", axis=alt.Axis(title=self.text("x", lang), tickCount=5), scale=alt.Scale(zero=True))
        y = alt.Y("score:Q", axis=alt.Axis(title=self.text("y", lang), tickCount=5), scale=alt.Scale(zero=False))
        score = base.mark_rule(opacity=0.5).encode(
            x=x, y=alt.Y("score_low:Q", title=None), y2="score_high:Q", color=colour
        )
        spent = base.mark_rule(opacity=0.5).encode(
            x=alt.X("seconds_low:Q", title=None), x2="seconds_high:Q", y=y, color=colour
        )
        point = base.mark_point(filled=True, size=80, opacity=1).encode(
            x=x, y=y, color=colour, shape=theme.shape(looks, legend)
        )
        layers = [*self._baseline(part), score, spent, point]
        return alt.layer(*layers).properties(
            width=theme.WIDTH + 60, height=theme.HEIGHT, title=self.setting.title(condition, lang)
        )

    def _baseline(self, part: pl.DataFrame) -> list[Any]:
        values = part["baseline"].drop_nulls()
        if values.is_empty():
            return []
        rule = alt.Chart(theme.data([{"score": values.mean()}]))
        return [rule.mark_rule(strokeDash=[3, 3], color=theme.SOFT).encode(y="score:Q")]
