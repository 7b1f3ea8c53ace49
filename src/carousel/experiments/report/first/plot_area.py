"""Axes of the small pictures: where a value is drawn, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carousel.experiments.report.first.picture import line, wide, words


@dataclass(frozen=True)
class Area:
    """A rectangle for data, in pixels. x, y: the least and the largest value of each axis; they differ."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole picture, with what stands beside and below."""
        return self.left + self.width + 8, self.top + self.height + 24

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a value, rounded to a tenth of a pixel."""
        right = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return round(self.left + self.width * right, 1), round(self.top + self.height * (1 - up), 1)

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        """The points as a polyline takes them."""
        return " ".join("{:g},{:g}".format(*self.at(x, y)) for x, y in points)

    def frame(self, x_title: str, y_title: str) -> list[str]:
        """Foot line, least and largest numbers, and what the axes are."""
        foot, right = self.top + self.height, self.left + self.width
        y_ends = [(self.top + 9, self.y[1]), (foot, self.y[0])]
        return [
            line(self.left, foot, right, foot, "grid"),
            line(self.left, self.top, self.left, foot, "grid"),
            *(words(self.left - 6, y, short(value), "tick", "end") for y, value in y_ends),
            words(self.left, foot + 17, short(self.x[0]), "tick"),
            words(right, foot + 17, short(self.x[1]), "tick", "end"),
            words((self.left + right) / 2, foot + 17, x_title, "tick", "middle"),
            words(0, self.top - 9, y_title, "tick"),
        ]


def area(x: tuple[float, float], y: tuple[float, float], width: float, height: float) -> Area:
    """With room for the numbers on its left and a line of text above; ends that are alike are moved apart."""
    y = _apart(y)
    return Area(max(wide(short(value)) for value in y) + 8, 24, width, height, _apart(x), y)


def short(value: float) -> str:
    """Four digits, whole numbers up to ten million in full; with a true minus."""
    shown = f"{value:,.0f}" if 1e3 <= abs(value) < 1e7 else f"{value:.4g}"
    return shown.replace("-", "−")


def _apart(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    return (low, high) if high > low else (low - 0.5, high + 0.5)
