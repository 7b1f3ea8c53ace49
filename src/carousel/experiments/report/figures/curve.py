"""Figures over the steps of training: learning curves (validation score, training loss)."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.numbers import count
from carousel.common.texts import text
from carousel.experiments.report.figures import channels
from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel, grid
from carousel.experiments.report.figures.score_axis import Axis, fitted
from carousel.experiments.runner.plan import Condition


@final
class Learning(Figure):
    """Each seed (thin) and the median over them (thick); `frame` of `curves.collect`.

    level: where a dashed line stands, by condition key.
    """

    def __init__(self, setting: Setting, name: str, frame: pl.DataFrame, level: dict[str, float], missing: int):
        self.setting, self.name, self.frame, self.level, self.missing = setting, name, frame, level, missing

    def notes(self, lang: str) -> list[str]:
        return [text("report.note.missing_curves", lang, n=count(self.missing))] if self.missing else []

    def draw(self, both: Both) -> dict[str, Any]:
        return grid(self.by_condition(lambda condition, part: self._panel(condition, part, both)))

    def _panel(self, condition: Condition, part: pl.DataFrame, both: Both) -> Panel:
        looks, axis = self.setting.looks, self._axis(condition, part, both)
        legend = channels.legend(looks, "stroke")
        look = {
            "x": theme.steps("step", both.text("report.axis.step")),
            "color": channels.colour(looks, legend),
            "strokeDash": channels.dash(looks, legend),
        }
        seeds, median = (alt.Chart(theme.data(rows)) for rows in _rows(part))
        layers = [
            *axis.marks(),
            seeds.mark_line(strokeWidth=0.7, opacity=0.5).encode(
                y=axis.y("value"), detail=alt.Detail("trial:N"), **look
            ),
            median.mark_line(strokeWidth=1.9).encode(y=axis.y("median"), **look),
        ]
        title = self.setting.title(condition, both)
        return Panel(layers, title)

    def _axis(self, condition: Condition, part: pl.DataFrame, both: Both) -> Axis:
        says = {"learning-score": "report.table.baseline", "learning-loss": "report.axis.chance"}[self.name]
        values = part["value"].drop_nulls()
        return fitted(self.words("y", both), values, self.level.get(condition.key), both.text(says))


def _rows(part: pl.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The points of each trial, and those of the medians."""
    shown = part.with_columns(pl.col(name).round_sig_figs(4) for name in ("value", "median"))
    numbers = {trial: i for i, trial in enumerate(shown["trial"].unique(maintain_order=True))}
    seeds = shown.filter(pl.col("value").is_not_null()).select(
        "contender", "step", "value", pl.col("trial").replace_strict(numbers, return_dtype=pl.Int64)
    )
    medians = shown.filter(pl.col("median").is_not_null()).unique(["contender", "step"], maintain_order=True)
    return seeds.to_dicts(), medians.select("contender", "step", "median").to_dicts()
