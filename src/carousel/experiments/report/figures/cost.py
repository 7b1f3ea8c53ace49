"""Figure: what a contender reaches against the seconds its training takes."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.experiments.report.figures import channels
from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel, grid
from carousel.experiments.report.figures.score_axis import score_axis
from carousel.experiments.report.tables.contenders import measured
from carousel.experiments.runner.plan import Condition

RESULT = ["condition", "contender", "parameters", "measure", "value", "low", "high", "baseline"]
SECONDS = ["seconds", "seconds_low", "seconds_high"]


@final
class Cost(Figure):
    """`frame` of `contenders.summarise`: solved-rate or score with interval, median seconds of a trial with range."""

    name = "cost"
    key = "point"

    def __init__(self, setting: Setting, summary: pl.DataFrame):
        self.setting = setting
        self.frame = measured(summary).select(*RESULT, *SECONDS).filter(pl.col("seconds").is_not_null())

    def draw(self, both: Both) -> dict[str, Any]:
        return grid(self.by_condition(lambda condition, part: self._panel(condition, part, both)))

    def _panel(self, condition: Condition, part: pl.DataFrame, both: Both) -> Panel:
        looks, axis = self.setting.looks, score_axis(part, both)
        legend = channels.legend(looks, "circle")
        base = alt.Chart(theme.data(part.to_dicts())).encode(color=channels.colour(looks, legend))
        result = base.mark_rule(opacity=0.5).encode(x=self._x("seconds", both), y=axis.y("low"), y2=alt.Y2("high:Q"))
        spent = base.mark_rule(opacity=0.5).encode(
            x=self._x("seconds_low", both), x2=alt.X2("seconds_high:Q"), y=axis.y("value")
        )
        point = base.mark_point(filled=True, size=80, opacity=1).encode(
            x=self._x("seconds", both), y=axis.y("value"), shape=channels.shape(looks, legend)
        )
        layers = [*axis.marks(), result, spent, point]
        title = self.setting.title(condition, both)
        return Panel(layers, title)

    def _x(self, field: str, both: Both) -> alt.X:
        axis = alt.Axis(title=self.words("x", both), tickCount=5)
        return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(zero=True))
