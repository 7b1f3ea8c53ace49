"""Figure: how much of the gradient is left k steps back, compared with the cell's own path and the upper bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.log_axis import FLOOR, LogAxis
from carousel.common.pages.numbers import count, fixed, rate
from carousel.introspect.plots.downsampling import Array, evenly
from carousel.introspect.plots.labels import Words

WIDTH, HEIGHT = 520, 270
LAGS = 400  # at most so many points a line
HORIZON = -3  # where the horizon is read, as a power of ten
ABOVE = 2  # how many decades of axis a bound may take above all else
LOOKS = {
    "profile": ("#0b5394", [1, 0]),
    "path": ("#a83c00", [6, 3]),
    "by_steps": ("#5f6368", [6, 3]),
    "by_weights": ("#5f6368", [2, 2]),
}


class Reading(NamedTuple):
    """Of the profile: slope in nats per step or None, horizon in steps, last: the largest lag. bounded: over how many
    of how many sequences the bounds are averaged; 0 where they were left out."""

    slope: float | None
    horizon: int
    last: int
    bounded: int
    sequences: int


def by_lag(lines: Mapping[str, tuple[Array, Array, Array] | Array]) -> pl.DataFrame:
    """line, lag, gain, low, high: log10, from nats; low and high are null for a line without a band. At most `LAGS` a
    line, evenly spaced. -inf is kept: a gradient that is truly 0; what is no number is null."""
    frames = []
    for line, values in lines.items():
        mean, low, high = values if isinstance(values, tuple) else (values, None, None)
        lags = evenly(len(mean), LAGS)
        columns = {"gain": mean, "low": low, "high": high}
        decades = {name: None if v is None else v[lags] / math.log(10) for name, v in columns.items()}
        frames.append(pl.DataFrame({"line": [line] * len(lags), "lag": lags, **decades}, schema=_SCHEMA))
    return pl.concat(frames).fill_nan(None)


_SCHEMA = {"line": pl.String(), "lag": pl.Int64(), **dict.fromkeys(("gain", "low", "high"), pl.Float64())}


def lag_profile(frame: pl.DataFrame, reading: Reading, words: Words) -> Any:
    """`frame` of `by_lag`. A line that leaves the axis is marked there; the horizon is the dot at 1e-3."""
    axis = LogAxis(*_range(frame), words("y"))
    lines = frame["line"].unique(maintain_order=True).to_list()
    names = {line: words(line) for line in lines}
    x, colour, dash = theme.steps("lag", words("x")), _channel(alt.Color, names, 0), _channel(alt.StrokeDash, names, 1)
    base = alt.Chart(theme.data(_rows(frame, names, axis))).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.14).encode(y=axis.y("low"), y2=alt.Y2("high:Q"))
    drawn = base.mark_line(strokeWidth=1.9).encode(y=axis.y("gain"), strokeDash=dash)
    layers = [*_horizon(reading, axis, x, words), band, drawn, *_leaving(frame, names, axis, x, colour)]
    title = words.title(words("reading"), *_notes(reading, words))
    return theme.styled(alt.layer(*layers).properties(title=title, width=WIDTH, height=HEIGHT))


def _channel(kind: Any, names: Mapping[str, str], look: int) -> Any:
    scale = alt.Scale(domain=list(names.values()), range=[LOOKS[line][look] for line in names])
    return kind("line:N", scale=scale, legend=theme.line_legend(2))


def _range(frame: pl.DataFrame) -> tuple[int, int]:
    """Whole powers of ten around profile and path; a bound may add a little above, where it is cut."""
    own = frame.filter(pl.col("line").is_in(["profile", "path"]))
    values = [v for name in ("gain", "low", "high") for v in own[name].drop_nulls() if math.isfinite(v)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    top = max(0, math.ceil(high - 0.05))
    bound = max((v for v in frame["gain"] if math.isfinite(v)), default=0.0)
    return max(FLOOR, min(HORIZON - 1, math.floor(low))), min(top + ABOVE, max(top, math.ceil(bound - 0.05)))


def _rows(frame: pl.DataFrame, names: Mapping[str, str], axis: LogAxis) -> list[dict[str, Any]]:
    """A point outside the axis is not drawn (null breaks the line); a band reaches to the edge."""
    inside = pl.col("gain").is_between(axis.low, axis.high)
    seen = (pl.col("high") >= axis.low) & (pl.col("low") <= axis.high)
    return frame.select(
        pl.col("line").replace_strict(names),
        "lag",
        pl.when(inside).then(pl.col("gain").round(4)),
        *(pl.when(seen).then(pl.col(name).clip(axis.low, axis.high).round(4)) for name in ("low", "high")),
    ).to_dicts()


def _leaving(frame: pl.DataFrame, names: Mapping[str, str], axis: LogAxis, x: alt.X, colour: alt.Color) -> list[Any]:
    """The first lag of each line below the axis, and above it."""
    layers = []
    for outside, at, shape in (
        (pl.col("gain") < axis.low, axis.low, "triangle-down"),
        (pl.col("gain") > axis.high, axis.high, "triangle-up"),
    ):
        first = frame.filter(outside).group_by("line", maintain_order=True).agg(pl.col("lag").min())
        rows = [{"line": names[line], "lag": lag, "gain": at} for line, lag in first.iter_rows()]
        if rows:
            mark = alt.Chart(theme.data(rows)).mark_point(shape=shape, filled=True, size=70, opacity=1)
            layers.append(mark.encode(x=x, y=axis.y("gain"), color=colour))
    return layers


def _horizon(reading: Reading, axis: LogAxis, x: alt.X, words: Words) -> list[Any]:
    level = alt.Chart(theme.data([{"at": HORIZON}])).mark_rule(**theme.LEVEL).encode(y=axis.y("at"))
    if reading.horizon == reading.last:
        return [level]
    right = reading.horizon < 0.8 * reading.last
    row = {"lag": reading.horizon, "at": HORIZON, "says": words("mark", lag=count(reading.horizon))}
    base = alt.Chart(theme.data([row])).encode(x=x, y=axis.y("at"))
    says = base.mark_text(
        align="left" if right else "right", dx=7 if right else -7, dy=-9, fontSize=11, color=theme.INK
    )
    return [
        level,
        base.mark_point(filled=True, size=55, color=theme.INK, opacity=1),
        says.encode(text=alt.Text("says:N")),
    ]


def _notes(reading: Reading, words: Words) -> list[str]:
    key = "censored" if reading.horizon == reading.last else "horizon"
    found = words(key, lag=count(reading.horizon), gain=rate(10.0**HORIZON))
    slope = "" if reading.slope is None else words("slope", slope=fixed(reading.slope, 4))
    numbers = {"shown": count(reading.bounded), "sequences": count(reading.sequences)}
    return [words.joined(slope, found), words("bounded", **numbers) if reading.bounded else words("unbounded")]
