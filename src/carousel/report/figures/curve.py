"""Figures over the steps of training: learning curves (validation score, training loss)."""

from __future__ import annotations

from typing import Any, final

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.figures.base import Figure, Setting
from carousel.report.format import count
from carousel.study.plan import Condition
from carousel.texts import text


@final
class Learning(Figure):
    """Median over the seeds and their range; `frame` of `curves.collect`. level: a dashed line, by condition key."""

    def __init__(self, setting: Setting, name: str, frame: pl.DataFrame, level: dict[str, float], missing: int):
        self.setting, self.name, self.frame, self.level, self.missing = setting, name, frame, level, missing

    def notes(self, lang: str) -> list[str]:
        return [text("report.note.missing_curves", lang, n=count(self.missing))] if self.missing else []

    def draw(self, lang: str) -> alt.ConcatChart:
        return theme.panels(self.by_condition(lambda condition, part: self._panel(condition, part, lang)))

    def _panel(self, condition: Condition, part: pl.DataFrame, lang: str) -> Any:
        looks = self.setting.looks
        legend = theme.legend(looks, "stroke")
        base = alt.Chart(theme.data(_rows(part))).encode(
            x=theme.steps("step", text("report.axis.step", lang)), color=theme.colour(looks, legend)
        )
        band = base.mark_area(opacity=0.1).encode(y=self._y("low", lang), y2="high:Q")
        line = base.mark_line(strokeWidth=1.8).encode(
            y=self._y("median", lang), strokeDash=theme.dash(looks, legend)
        )
        layers = [band, *self._rule(condition, lang), line]
        title = self.setting.title(condition, lang)
        return alt.layer(*layers).properties(width=theme.WIDTH, height=theme.HEIGHT, title=title)

    def _y(self, field: str, lang: str) -> alt.Y:
        axis = alt.Axis(title=self.text("y", lang), tickCount=5)
        return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False), axis=axis)

    def _rule(self, condition: Condition, lang: str) -> list[Any]:
        value = self.level.get(condition.key)
        if value is None:
            return []
        return [alt.Chart(theme.data([{"at": value}])).mark_rule(**theme.LEVEL).encode(y=self._y("at", lang))]


def _rows(part: pl.DataFrame) -> list[dict[str, Any]]:
    columns = [pl.col(name).round_sig_figs(4) for name in ("median", "low", "high")]
    return part.select("contender", "step", *columns).to_dicts()
