"""Figure: the test score lost when a block of the past tells of another sequence, by lag. Of a user's file."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.experiments.report.figures import channels
from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel, grid
from carousel.experiments.report.figures.score_axis import fitted
from carousel.experiments.runner.plan import Condition


@final
class Occlusion(Figure):
    """`frame` of `tables.occlusion.drops`."""

    name = "occlusion"
    key = "point"

    def __init__(self, setting: Setting, frame: pl.DataFrame):
        self.setting, self.frame = setting, frame

    def draw(self, both: Both) -> dict[str, Any]:
        return grid(self.by_condition(lambda condition, part: self._panel(condition, part, both)))

    def _panel(self, condition: Condition, part: pl.DataFrame, both: Both) -> Panel:
        looks = self.setting.looks
        legend = channels.legend(looks, "circle")
        ends = [v for name in ("drop", "low", "high") for v in part[name].drop_nulls()]
        axis = fitted(self.words("y", both), ends, 0.0, "")
        order = part.sort("lag_from")["block"].unique(maintain_order=True).to_list()
        x = alt.X("block:O", sort=order, axis=alt.Axis(title=self.words("x", both), labelAngle=0))
        base = alt.Chart(theme.data(part.to_dicts())).encode(
            x=x, xOffset=alt.XOffset("contender:N", sort=list(looks)), color=channels.colour(looks, legend)
        )
        bar = base.mark_rule(strokeWidth=1.6).encode(y=axis.y("low"), y2=alt.Y2("high:Q"))
        point = base.mark_point(filled=True, size=50, opacity=1).encode(
            y=axis.y("drop"), shape=channels.shape(looks, legend)
        )
        title = self.setting.title(condition, both)
        wide = theme.COLUMNS * theme.WIDTH  # one panel: a file is occluded as a whole only
        return Panel([*axis.marks(), bar, point], title, wide)
