"""Figure: the lag profile G(k), how much of the gradient is left k steps back, with the fitted slope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import altair as alt
import polars as pl

from carousel.common.names import TRANSFORMER
from carousel.common.pages import theme
from carousel.common.pages.log_axis import LogAxis
from carousel.common.pages.numbers import MISSING, fixed, power_of_ten
from carousel.common.texts import text
from carousel.experiments.report.figures import channels
from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel, grid
from carousel.experiments.runner.plan import Condition

FLOOR = -8  # the lowest power of ten drawn: a millionth of a percent; what falls below is marked there
WIDTH = 300
ROW = 17  # pixels a line of the list of slopes


@final
class LagProfile(Figure):
    """`frame` and `slopes` of `tables.lag_profiles`, at one moment. The y axis is linear in log10 G.

    Before training a shorter sequence only shows the beginning of the same curves, so the longest is drawn. After
    training curves may bend: what is left is printed instead of a slope.
    """

    key = "own"

    def __init__(self, setting: Setting, moment: str, frame: pl.DataFrame, slopes: pl.DataFrame):
        self.name = f"lag-profile-{moment}"
        self.setting, self.frame = setting, frame
        self.untrained = moment == "initialisation"
        self.slopes = slopes.filter(pl.col("moment") == moment)

    @property
    def drawn(self) -> pl.DataFrame:
        longest = pl.col("length") == pl.col("length").max().over("source")
        return self.frame.filter(longest) if self.untrained else self.frame

    def caption(self, lang: str) -> str:
        return self.text("caption", lang, floor=power_of_ten(FLOOR))

    def notes(self, lang: str) -> list[str]:
        made = (c for group in self.setting.plan.contenders.values() for c in group)
        names = dict.fromkeys(c.spec for c in made if c.cell == TRANSFORMER)
        return [text("report.note.no_state", lang, names=", ".join(names))] if names else []

    def draw(self, both: Both) -> dict[str, Any]:
        low, high = self._range()
        return grid(self.by_condition(lambda c, part: self._panel(c, part, both, low, high)))

    def _range(self) -> tuple[int, int]:
        """Whole powers of ten around all that is drawn, cut at the floor."""
        values = [v for name in ("gain", "low", "high") for v in self.drawn[name] if _known(v)]
        low, high = min(values, default=-1.0), max(values, default=0.0)
        return max(FLOOR, min(-1, math.floor(low))), max(0, math.ceil(high - 0.05))

    def _panel(self, condition: Condition, part: pl.DataFrame, both: Both, low: int, high: int) -> Panel:
        names = [c.spec for c in self.setting.plan.contenders[condition.source] if c.cell != TRANSFORMER]
        box = Box(low, high, both.text("report.axis.gain"), max(theme.HEIGHT + 30, ROW * (len(names) + 2)))
        layers = [*self._curves(part, box, both), *self._key(names, self._printed(condition, part, both), box)]
        title = self.setting.title(condition, both)
        return Panel(layers, title, WIDTH, box.height)

    def _curves(self, part: pl.DataFrame, box: Box, both: Both) -> list[Any]:
        """Band, line, and a mark at the floor where a line leaves the axis."""
        looks = self.setting.looks
        colour = channels.colour(looks, None)
        x = theme.steps("lag", both.text("report.axis.lag"))
        rows = [_cut(row, box.low) for row in part.iter_rows(named=True)]
        base = alt.Chart(theme.data(rows)).encode(x=x, color=colour)
        band = base.mark_area(opacity=0.13).encode(y=box.y("low"), y2=alt.Y2("high:Q"))
        line = base.mark_line(strokeWidth=1.8).encode(y=box.y("gain"), strokeDash=channels.dash(looks, None))
        leaving = alt.Chart(theme.data(_leaving(part, box.low))).encode(x=x, y=box.y("gain"), color=colour)
        return [band, line, leaving.mark_point(shape="triangle-down", filled=True, size=70, opacity=1)]

    def _printed(self, condition: Condition, part: pl.DataFrame, both: Both) -> tuple[str, dict[str, str]]:
        """The heading of the numbers beside the curves, and the number of each contender."""
        if self.untrained:
            found = self.slopes.filter(pl.col("condition") == condition.key).select("contender", "slope")
            return both.text("report.axis.slope"), {name: fixed(slope) for name, slope in found.iter_rows()}
        last = part.filter(pl.col("lag") == pl.col("lag").max()).select("contender", "gain")
        heading = both.text("report.axis.left", lag=part["lag"].max())
        return heading, {name: _share(gain) for name, gain in last.iter_rows()}

    def _key(self, names: list[str], printed: tuple[str, dict[str, str]], box: Box) -> list[Any]:
        """The legend at the right of the panel: a sample of the line, the number, the name."""
        heading, numbers = printed
        rows = [
            {"contender": name, "number": numbers.get(name, MISSING), "at": box.row(i + 1)}
            for i, name in enumerate(names)
        ]
        chart = alt.Chart(theme.data(rows)).encode(y=box.y("at"), color=channels.colour(self.setting.looks, None))
        words = chart.mark_text(align="left", fontSize=11.5, limit=0).encode(color=alt.value(theme.INK))
        head = alt.Chart(theme.data([{"at": box.row(0), "says": heading}]))
        return [
            chart.mark_rule(strokeWidth=2.2).encode(
                x=alt.XValue(WIDTH + 12), x2=alt.X2Value(WIDTH + 40), strokeDash=channels.dash(self.setting.looks, None)
            ),
            chart.mark_text(align="right", fontSize=11.5).encode(
                x=alt.XValue(WIDTH + 88), text=alt.Text("number:N"), color=alt.value(theme.INK)
            ),
            words.encode(x=alt.XValue(WIDTH + 97), text=alt.Text("contender:N")),
            head.mark_text(align="left", fontSize=11, color=theme.SOFT, limit=0).encode(
                x=alt.XValue(WIDTH + 12), y=box.y("at"), text=alt.Text("says:N")
            ),
        ]


@dataclass(frozen=True)
class Box(LogAxis):
    """The drawing area of a panel: powers of ten from `low` to `high` over `height` pixels."""

    height: int

    def row(self, index: int) -> float:
        """The `index`-th line of the legend, as a value of the axis."""
        return self.high - index * ROW / self.height * (self.high - self.low)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _share(gain: float | None) -> str:
    """What is left, of log10 `gain`: a share, or its power of ten where that is below a thousandth."""
    if gain is None or math.isnan(gain):
        return MISSING
    if gain < FLOOR:
        return f"< {power_of_ten(FLOOR)}"
    return fixed(10**gain) if gain >= -3 else power_of_ten(round(gain))


def _cut(row: dict[str, Any], low: float) -> dict[str, Any]:
    """A point below the floor is not drawn (null breaks the line); a band is drawn as far as the floor."""
    gain, under, over = row["gain"], row["low"], row["high"]
    seen = over is not None and over >= low
    return {
        "contender": row["contender"],
        "lag": row["lag"],
        "gain": round(gain, 4) if gain is not None and gain >= low else None,
        "low": round(max(under, low), 4) if seen and under is not None else None,
        "high": round(over, 4) if seen else None,
    }


def _leaving(part: pl.DataFrame, low: int) -> list[dict[str, Any]]:
    """The first lag of each contender whose mean is below the floor."""
    below = part.filter(pl.col("gain") < low).group_by("contender", maintain_order=True).agg(pl.col("lag").min())
    return [{"contender": row["contender"], "lag": row["lag"], "gain": low} for row in below.iter_rows(named=True)]
