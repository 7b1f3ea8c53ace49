"""The y axis of solved-rates and scores, and the baseline on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.format import fixed
from carousel.report.measure import SOLVED
from carousel.texts import text


@dataclass(frozen=True)
class ScoreAxis:
    """From `low` to `high`; `baseline` is None where there is none."""

    title: str
    low: float
    high: float
    baseline: float | None

    def y(self, field: str) -> alt.Y:
        """`field` on this axis; all layers of a panel share it."""
        scale = alt.Scale(domain=[self.low, self.high], nice=False, zero=False)
        return alt.Y(f"{field}:Q", scale=scale, axis=alt.Axis(title=self.title, tickCount=5))

    def marks(self, lang: str) -> list[Any]:
        """A dashed line at the baseline; where it lies far below, its value in the corner instead."""
        if self.baseline is None:
            return []
        if self.baseline >= self.low:
            rule = alt.Chart(theme.data([{"value": self.baseline}])).mark_rule(**theme.LEVEL)
            return [rule.encode(y=self.y("value"))]
        says = f"{text('report.table.baseline', lang)} {fixed(self.baseline)} ↓"
        corner = alt.Chart(theme.data([{"says": says, "value": self.low}]))
        return [
            corner.mark_text(align="left", dy=-7, fontSize=11, color=theme.SOFT).encode(
                x=alt.value(6), y=self.y("value"), text="says:N"
            )
        ]


def score_axis(part: pl.DataFrame, lang: str) -> ScoreAxis:
    """The axis for rows of `measure.measured`: 0 to 1 for rates; scores fill it, with the baseline if it is near."""
    if set(part["measure"]) == {SOLVED}:
        return ScoreAxis(text("report.axis.solved", lang), 0.0, 1.0, None)
    known = [v for name in ("value", "low", "high") for v in part[name] if v is not None]
    low, high = min(known), max(known)
    room = (high - low) or abs(high) or 1.0
    baseline = part["baseline"].drop_nulls().mean()
    level = float(baseline) if isinstance(baseline, float) else None
    if level is not None and low - 1.5 * room <= level:
        low, high = min(low, level), max(high, level)
    pad = 0.08 * ((high - low) or room)
    return ScoreAxis(text("report.axis.score", lang), low - pad, high + pad, level)
