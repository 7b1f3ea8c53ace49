"""The logarithmic axis of all figures: linear in log10, so that what underflows can be marked where the axis ends."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from carousel.common.pages.numbers import power_of_ten

FLOOR = -20  # the lowest power of ten drawn; what falls below is marked there
MOST_TICKS = 7


@dataclass(frozen=True)
class LogAxis:
    """From 10^low to 10^high, for fields that hold log10 values."""

    low: int
    high: int
    title: str

    def y(self, field: str) -> alt.Y:
        """`field` up the axis; all layers of a panel share it."""
        return alt.Y(f"{field}:Q", scale=self._scale, axis=self.axis)

    def x(self, field: str) -> alt.X:
        """`field` along the axis."""
        return alt.X(f"{field}:Q", scale=self._scale, axis=self.axis)

    @property
    def axis(self) -> alt.Axis:
        """Labelled with powers of ten; at most about `MOST_TICKS`."""
        step = max(1, -(-(self.high - self.low) // MOST_TICKS))
        top = self.high - self.high % step if self.high > 0 else 0
        values = [v for v in range(top, self.low - 1, -step) if v <= self.high] or [self.low]
        labels = ",".join(f"'{v}':'{power_of_ten(v)}'" for v in values)
        return alt.Axis(title=self.title, values=values, labelFontSize=12, labelExpr=f"{{{labels}}}[datum.value]")

    @property
    def _scale(self) -> alt.Scale:
        return alt.Scale(domain=[self.low, self.high], nice=False)
