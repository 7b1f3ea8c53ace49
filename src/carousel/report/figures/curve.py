"""Figures: learning curves (validation score, training loss) and gradient norms against the step."""

from __future__ import annotations

import math
from typing import Any, final

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.figures.base import Figure, Setting
from carousel.report.format import count
from carousel.study.plan import Condition
from carousel.texts import text


@final
class CurveFigure(Figure):
    """Median over the seeds with the range around it; `frame` of `curves.collect`.

    logarithmic: the y axis is linear in log10. level: a dashed line, such as the baseline's score or the clip norm,
    by condition key.
    """

    def __init__(
        self,
        setting: Setting,
        name: str,
        frame: pl.DataFrame,
        *,
        level: dict[str, float],
        logarithmic: bool = False,
        missing: int = 0,
        not_finite: int = 0,
    ):
        self.setting, self.name, self.frame, self.level = setting, name, frame, level
        self.logarithmic, self.missing, self.not_finite = logarithmic, missing, not_finite

    def notes(self, lang: str) -> list[str]:
        counts = {"missing_curves": self.missing, "not_finite": self.not_finite}
        return [text(f"report.note.{key}", lang, n=count(n)) for key, n in counts.items() if n]

    def draw(self, lang: str) -> alt.ConcatChart:
        y = self._y(lang)
        return theme.panels(self.by_condition(lambda condition, part: self._panel(condition, part, y, lang)))

    def _y(self, lang: str) -> alt.Y:
        title = self.text("y", lang)
        if not self.logarithmic:
            return alt.Y("median:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=title, tickCount=5))
        shown = [v for name in ("low", "high") for v in self.frame[name] if v is not None and v > 0]
        values = [math.log10(v) for v in [*shown, *self.level.values()]]
        low, high = math.floor(min(values, default=-1.0)), math.ceil(max(values, default=0.0))
        scale = alt.Scale(domain=[low, max(high, low + 1)], nice=False)
        return alt.Y("median:Q", scale=scale, axis=theme.decades(low, max(high, low + 1), title))

    def _panel(self, condition: Condition, part: pl.DataFrame, y: alt.Y, lang: str) -> Any:
        looks = self.setting.looks
        legend = theme.legend(looks)
        x = alt.X("step:Q", axis=alt.Axis(title=text("report.axis.step", lang), grid=False, tickCount=5), scale=alt.Scale(nice=False))
        base = alt.Chart(theme.data([self._row(row) for row in part.iter_rows(named=True)]))
        band = base.mark_area(opacity=0.12).encode(
            x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=theme.colour(looks, None)
        )
        line = base.mark_line(strokeWidth=1.8).encode(
            x=x, y=y, color=theme.colour(looks, legend), strokeDash=theme.dash(looks, legend)
        )
        layers = [band, *self._rule(condition), line]
        return alt.layer(*layers).properties(
            width=theme.WIDTH + 60, height=theme.HEIGHT, title=self.setting.title(condition, lang)
        )

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        shown = {name: self._value(row[name]) for name in ("median", "low", "high")}
        return {"contender": row["contender"], "step": row["step"], **shown}

    def _value(self, value: float | None) -> float | None:
        """As drawn: the logarithm where the axis is logarithmic (nothing for a norm of exactly 0)."""
        if value is None or (self.logarithmic and value <= 0):
            return None
        return float(f"{math.log10(value) if self.logarithmic else value:.4g}")

    def _rule(self, condition: Condition) -> list[Any]:
        value = self._value(self.level.get(condition.key))
        if value is None:
            return []
        rule = alt.Chart(theme.data([{"value": value}])).mark_rule(strokeDash=[3, 3], color=theme.SOFT)
        return [rule.encode(y="value:Q")]
