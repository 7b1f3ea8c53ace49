"""Figure: solved-rate against the length of the sequences; for a user's file, score against the history seen."""

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
from carousel.experiments.report.names import files, length_name
from carousel.experiments.report.tables.contenders import SCORE, SOLVED, measured

COLUMNS = ["source", "length", "condition", "contender", "trials", "measure", "value", "low", "high", "baseline"]


@final
class Length(Figure):
    """`frame` of `contenders.summarise`: solved-rate with Wilson interval, or mean score with its interval."""

    name = "length"
    key = "point"

    def __init__(self, setting: Setting, summary: pl.DataFrame):
        self.setting, self.frame = setting, measured(summary).select(COLUMNS)

    def caption(self, lang: str) -> str:
        shown = set(self.frame["measure"])
        keys = {SOLVED: "caption_solved_rate", SCORE: "caption_score"}
        return " ".join(self.text(key, lang) for kind, key in keys.items() if kind in shown)

    def draw(self, both: Both) -> dict[str, Any]:
        sources = [s.name for s in self.setting.plan.sources]
        parts = [(name, self.frame.filter(pl.col("source") == name)) for name in sources]
        return grid([self._panel(name, part, both) for name, part in parts if not part.is_empty()])

    def _panel(self, source: str, part: pl.DataFrame, both: Both) -> Panel:
        looks, axis = self.setting.looks, score_axis(part, both)
        legend = channels.legend(looks, "circle")
        colour = channels.colour(looks, legend)
        rows = [{**row, "at": _at(row["length"], both)} for row in part.iter_rows(named=True)]
        base = alt.Chart(theme.data(rows)).encode(
            x=self._x(source, part, both),
            xOffset=alt.XOffset("contender:N", sort=list(looks)),
            color=colour,
        )
        line = base.mark_line(strokeWidth=1.2, opacity=0.5).encode(y=axis.y("value"))
        bar = base.mark_rule(strokeWidth=1.6).encode(y=axis.y("low"), y2=alt.Y2("high:Q"))
        point = base.mark_point(filled=True, size=55, opacity=1).encode(
            y=axis.y("value"), shape=channels.shape(looks, legend)
        )
        layers = [*axis.marks(), line, bar, point]
        return Panel(layers, source)

    def _x(self, source: str, part: pl.DataFrame, both: Both) -> alt.X:
        lengths = sorted(set(part["length"]), key=lambda n: n or float("inf"))
        order = [_at(n, both) for n in lengths]
        kind = "history" if source in files(self.setting.plan) else "length"
        return alt.X("at:O", sort=order, axis=alt.Axis(title=self.words(kind, both), labelAngle=0))


def _at(length: int, both: Both) -> str:
    return both(lambda lang: length_name(length, lang))
