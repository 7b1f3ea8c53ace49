"""Figure: the lag profile G(k), how much of the gradient is left k steps back, with the fitted slope."""

from __future__ import annotations

import math
from typing import Any, final

import altair as alt
import polars as pl

from carousel.report.figures import theme
from carousel.report.figures.base import Figure, Setting
from carousel.report.format import fixed, power_of_ten
from carousel.study.plan import Condition
from carousel.texts import text

FLOOR = -20  # the lowest power of ten drawn; what falls below is marked there
ROW = 17  # pixels a line of the list of slopes


@final
class LagProfile(Figure):
    """`frame` of `lags.profiles` at one moment; `slopes` of `lags.slopes`. The y axis is linear in log10 G."""

    def __init__(self, setting: Setting, moment: str, frame: pl.DataFrame, slopes: pl.DataFrame):
        self.name = f"lag-profile-{moment}"
        self.setting, self.frame = setting, frame
        self.slopes = slopes.filter(pl.col("moment") == moment)

    def caption(self, lang: str) -> str:
        return self.text("caption", lang, floor=power_of_ten(FLOOR))

    def draw(self, lang: str) -> alt.ConcatChart:
        low, high = self._range()
        return theme.panels(self.by_condition(lambda c, part: self._panel(c, part, lang, low, high)))

    def _range(self) -> tuple[int, int]:
        """Whole powers of ten around all that is drawn, cut at the floor."""
        values = [v for name in ("gain", "low", "high") for v in self.frame[name] if _known(v)]
        low, high = min(values, default=-1.0), max(values, default=0.0)
        return max(FLOOR, min(-1, math.floor(low))), max(0, math.ceil(high - 0.05))

    def _panel(self, condition: Condition, part: pl.DataFrame, lang: str, low: int, high: int) -> Any:
        names = [c.spec for c in self.setting.plan.contenders[condition.source]]
        height = max(theme.HEIGHT + 30, ROW * (len(names) + 2))
        y = alt.Y(
            "gain:Q",
            scale=alt.Scale(domain=[low, high], nice=False),
            axis=theme.decades(low, high, text("report.axis.gain", lang)),
        )
        layers = [*self._curves(part, y, low, lang), *self._key(condition, names, lang, (low, high, height))]
        return alt.layer(*layers).properties(
            width=theme.WIDTH - 40, height=height, title=self.setting.title(condition, lang)
        )

    def _curves(self, part: pl.DataFrame, y: alt.Y, low: int, lang: str) -> list[Any]:
        """Band, line, and a mark at the floor where a line leaves the axis."""
        rows = [_cut(row, low) for row in part.iter_rows(named=True)]
        base = alt.Chart(theme.data(rows)).encode(color=theme.colour(self.setting.looks, None))
        x = alt.X("lag:Q", axis=alt.Axis(title=text("report.axis.lag", lang), grid=False, tickCount=6), scale=alt.Scale(nice=False))
        band = base.mark_area(opacity=0.14).encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q")
        line = base.mark_line(strokeWidth=1.8).encode(
            x=x, y=y, strokeDash=theme.dash(self.setting.looks, None)
        )
        leaving = alt.Chart(theme.data(_leaving(part, low)))
        mark = leaving.mark_point(shape="triangle-down", filled=True, size=70, opacity=1).encode(
            x=x, y=y, color=theme.colour(self.setting.looks, None)
        )
        return [band, line, mark]

    def _key(self, condition: Condition, names: list[str], lang: str, box: tuple[int, int, int]) -> list[Any]:
        """The legend beside the panel: a sample of the line, the slope, the name."""
        low, high, height = box
        found = {r["contender"]: r["slope"] for r in self.slopes.iter_rows(named=True) if r["condition"] == condition.key}
        right = theme.WIDTH - 40
        rows = [
            {"contender": name, "slope": fixed(found.get(name)), "at": high - (i + 1) * ROW / height * (high - low)}
            for i, name in enumerate(names)
        ]
        chart = alt.Chart(theme.data(rows)).encode(y="at:Q", color=theme.colour(self.setting.looks, None))
        sample = chart.mark_rule(strokeWidth=2.2).encode(
            x=alt.value(right + 12), x2=alt.value(right + 40), strokeDash=theme.dash(self.setting.looks, None)
        )
        slope = chart.mark_text(align="right", fontSize=11.5).encode(x=alt.value(right + 88), text="slope:N")
        name = chart.mark_text(align="left", fontSize=11.5, limit=0).encode(
            x=alt.value(right + 97), text="contender:N"
        )
        head = alt.Chart(theme.data([{"at": high, "says": text("report.axis.slope", lang)}])).mark_text(
            align="left", fontSize=11, color=theme.SOFT, limit=0
        )
        return [sample, slope, name, head.encode(x=alt.value(right + 12), y="at:Q", text="says:N")]


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


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
    """The first lag of each contender whose mean lies below the floor."""
    below = part.filter(pl.col("gain") < low).group_by("contender", maintain_order=True).agg(pl.col("lag").min())
    return [{"contender": row["contender"], "lag": row["lag"], "gain": low} for row in below.iter_rows(named=True)]
