"""Figure: the gradient norm of every step before clipping, on a logarithmic axis."""

from __future__ import annotations

import math
from typing import Any, final

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.log_axis import LogAxis
from carousel.common.pages.numbers import count
from carousel.common.texts import text
from carousel.experiments.report.figures import channels
from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel, grid
from carousel.experiments.runner.plan import Condition


@final
class Gradient(Figure):
    """Median (thick) and largest norm (thin) of all seeds in each stretch of steps; `frame` of `curves.collect`."""

    name = "gradient-norm"

    def __init__(self, setting: Setting, frame: pl.DataFrame, missing: int, not_finite: int):
        self.setting, self.frame = setting, frame
        self.missing, self.not_finite = missing, not_finite

    def notes(self, lang: str) -> list[str]:
        counts = {"missing_curves": self.missing, "not_finite": self.not_finite}
        return [text(f"report.note.{key}", lang, n=count(n)) for key, n in counts.items() if n]

    def draw(self, both: Both) -> dict[str, Any]:
        axis = LogAxis(*self._range(), self.words("y", both))
        return grid(self.by_condition(lambda condition, part: self._panel(condition, part, axis, both)))

    def _range(self) -> tuple[int, int]:
        """Whole powers of ten around all that is drawn and the clip norm."""
        clip = self.setting.plan.training.clip_norm
        shown = [v for name in ("median", "high") for v in self.frame[name] if v > 0] + [clip]
        low = math.floor(math.log10(min(shown)))
        return low, max(low + 1, math.ceil(math.log10(max(shown))))

    def _panel(self, condition: Condition, part: pl.DataFrame, axis: LogAxis, both: Both) -> Panel:
        looks = self.setting.looks
        legend = channels.legend(looks, "stroke")
        clip = alt.Chart(theme.data([{"at": math.log10(self.setting.plan.training.clip_norm)}]))
        base = alt.Chart(theme.data(_rows(part))).encode(
            x=theme.steps("step", both.text("report.axis.step")),
            color=channels.colour(looks, legend),
            strokeDash=channels.dash(looks, legend),
        )
        most = base.mark_line(strokeWidth=0.8, opacity=0.45).encode(y=axis.y("high"))
        middle = base.mark_line(strokeWidth=1.8).encode(y=axis.y("median"))
        layers = [clip.mark_rule(**theme.LEVEL).encode(y=axis.y("at")), most, middle]
        title = self.setting.title(condition, both)
        return Panel(layers, title)


def _rows(part: pl.DataFrame) -> list[dict[str, Any]]:
    """Logarithms to base ten; a norm of exactly 0 has none and leaves a gap."""
    columns = [pl.when(pl.col(name) > 0).then(pl.col(name).log10()).round(3).alias(name) for name in ("median", "high")]
    return part.select("contender", "step", *columns).to_dicts()
