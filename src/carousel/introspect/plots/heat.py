"""Heat maps: one small rectangle a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from carousel.common.pages import theme

OVERLAP = (
    0.5  # pixels that a rectangle reaches under the next ones: else seams show wherever the edges fall between pixels
)


@dataclass(frozen=True)
class Field:
    """The drawing area of a heat map.

    columns, rows: how many rectangles. room: pixels at most, across and down. span: what a column is wide, and deep:
    what a row is high, in the units of the axes.
    """

    columns: int
    rows: int
    room: tuple[int, int]
    span: int = 1
    deep: int = 1

    @property
    def size(self) -> dict[str, int]:
        """Width and height in pixels: whole ones for every rectangle."""
        across, down = self._pixels
        return {"width": self.columns * across, "height": self.rows * down}

    def cells(self, rows: Sequence[Mapping[str, Any]], axes: tuple[alt.Axis, alt.Axis], colour: Any) -> alt.Chart:
        """`rows` have x and y, the left and upper edges of their rectangles, and stand in rising order of both."""
        across, down = (1 + OVERLAP / pixels for pixels in self._pixels)
        chart = alt.Chart(theme.data(rows)).transform_calculate(
            x2=f"datum.x + {self.span * across:.4g}", y2=f"datum.y + {self.deep * down:.4g}"
        )
        drawn: alt.Chart = chart.mark_rect(clip=True).encode(
            x=self.x(axes[0]), x2=alt.X2("x2:Q"), y=self.y(axes[1]), y2=alt.Y2("y2:Q"), color=colour
        )
        return drawn

    def x(self, axis: alt.Axis | None) -> alt.X:
        """Across; the same scale for all layers."""
        return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, self.columns * self.span], nice=False))

    def y(self, axis: alt.Axis | None) -> alt.Y:
        """Down."""
        scale = alt.Scale(domain=[0, self.rows * self.deep], nice=False, reverse=True)
        return alt.Y("y:Q", axis=axis, scale=scale)

    @property
    def _pixels(self) -> tuple[int, int]:
        """Of a rectangle, across and down."""
        (across, down), most = self.room, 40
        return min(most, max(1, across // self.columns)), min(most, max(1, down // self.rows))
