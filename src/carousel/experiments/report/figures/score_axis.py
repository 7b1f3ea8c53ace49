"""The y axis of solved-rates, scores and losses, and the level to compare with on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.numbers import fixed
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.tables.contenders import SOLVED

RATES, QUARTERS = (-0.04, 1.04), (0.0, 0.25, 0.5, 0.75, 1.0)  # with room for a whole mark at 0 and at 1
NEAR = 0.75  # how many times the range of the data the level may lie away and still be drawn


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`. level: the baseline's score or loss, None where there is none; `says` names it."""

    title: str
    low: float
    high: float
    level: float | None = None
    says: str = ""
    ticks: tuple[float, ...] | None = None  # None: as they fall

    def y(self, field: str) -> alt.Y:
        """`field` on this axis; all layers of a panel share it."""
        scale = alt.Scale(domain=[self.low, self.high], nice=False, zero=False)
        ticks: dict[str, Any] = (
            {"tickCount": 5} if self.ticks is None else {"values": list(self.ticks), "format": ".2~f"}
        )
        return alt.Y(f"{field}:Q", scale=scale, axis=alt.Axis(title=self.title, **ticks))

    def marks(self) -> list[Any]:
        """A dashed line at the level; where it is far off, its value in the corner on that side."""
        if self.level is None:
            return []
        if self.low <= self.level <= self.high:
            rule = alt.Chart(theme.data([{"value": self.level}])).mark_rule(**theme.LEVEL)
            return [rule.encode(y=self.y("value"))]
        below = self.level < self.low
        says = f"{self.says} {fixed(self.level)} {'↓' if below else '↑'}"
        corner = alt.Chart(theme.data([{"says": says, "value": self.low if below else self.high}])).mark_text(
            align="left", dy=-7 if below else 9, fontSize=11, color=theme.SOFT
        )
        return [corner.encode(x=alt.XValue(6), y=self.y("value"), text=alt.Text("says:N"))]


def score_axis(part: pl.DataFrame, both: Both) -> Axis:
    """The axis for rows of `measure.measured`: 0 to 1 for rates, with room around; scores fill it."""
    if set(part["measure"]) == {SOLVED}:
        return Axis(both.text("report.axis.solved"), *RATES, ticks=QUARTERS)
    baseline = part["baseline"].drop_nulls().mean()
    values = [v for name in ("value", "low", "high") for v in part[name].drop_nulls()]
    level = baseline if isinstance(baseline, float) else None
    return fitted(both.text("report.axis.score"), values, level, both.text("report.table.baseline"))


def fitted(title: str, values: Iterable[float], level: float | None, says: str) -> Axis:
    """The axis that `values` fill, with `level` on it if that is near."""
    known = list(values)
    low, high = min(known), max(known)
    room = (high - low) or abs(high) or 1.0
    if level is not None and low - NEAR * room <= level <= high + NEAR * room:
        low, high = min(low, level), max(high, level)
    pad = 0.06 * ((high - low) or room)
    return Axis(title, low - pad, high + pad, level, says)
