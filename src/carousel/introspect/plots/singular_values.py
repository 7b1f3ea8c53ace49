"""Figure: the singular values of the product of the last k Jacobians, which tell how many directions stay alive."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.log_axis import FLOOR, LogAxis
from carousel.common.pages.numbers import count, rate
from carousel.introspect.plots.downsampling import Array
from carousel.introspect.plots.labels import Words

WIDTH, HEIGHT = 520, 280
ALIVE = -3  # a direction counts as alive from 1e-3 on, the gain that the horizon is read at
BLUES = ["#0b5394", "#9fc5e8"]


def by_rank(lags: tuple[int, ...], logs: Array) -> pl.DataFrame:
    """lag, rank, value: log10 of the singular values from nats [lags, S], the largest of rank 1.

    NaN, which marks what double precision cannot resolve next to the largest, becomes null; -inf is kept.
    """
    frames = [
        pl.DataFrame({"lag": lag, "rank": range(1, len(row) + 1), "value": row / math.log(10)}, schema=_SCHEMA)
        for lag, row in zip(lags, logs, strict=True)
    ]
    return pl.concat(frames).with_columns(pl.col("value").fill_nan(None))


_SCHEMA = {"lag": pl.Int64(), "rank": pl.Int64(), "value": pl.Float64()}


def singular_values(frame: pl.DataFrame, sequences: int, words: Words) -> Any:
    """`frame` of `by_rank`. sequences: over how many the values are averaged.

    Above each lag: how many directions are alive. A line ends where it leaves the axis.
    """
    axis = LogAxis(*_range(frame), words("y"))
    x, ranks = _x(frame, words), frame["rank"].n_unique()
    shown = frame.with_columns(pl.when(pl.col("value") >= axis.low).then(pl.col("value").round(3)))
    base = alt.Chart(theme.data(shown.to_dicts())).encode(x=x, y=axis.y("value"), detail=alt.Detail("rank:N"))
    colour = alt.Color("rank:Q", legend=None, scale=alt.Scale(domain=[1, ranks], range=BLUES, interpolate="lab"))
    first = base.transform_filter("datum.rank == 1")
    levels = alt.Chart(theme.data([{"value": v} for v in (0, ALIVE)])).mark_rule(**theme.LEVEL)
    layers = [
        levels.encode(y=axis.y("value")),
        base.mark_line(strokeWidth=0.6, opacity=0.6).encode(color=colour),
        base.mark_tick(orient="horizontal", thickness=1, size=9, opacity=0.7).encode(color=colour),
        first.mark_line(strokeWidth=2, color=BLUES[0]),
        *_alive(frame, x, words),
    ]
    title = words.title(words("reading"), *_notes(frame, sequences, words))
    return theme.styled(alt.layer(*layers).properties(title=title, width=WIDTH, height=HEIGHT))


def _x(frame: pl.DataFrame, words: Words) -> alt.X:
    lags = frame["lag"].unique().sort().to_list()
    axis = alt.Axis(title=words("x"), values=lags, format=",d", grid=False, labelOverlap=True)
    edge = 1.12
    scale = alt.Scale(type="log", domain=[lags[0] / edge, lags[-1] * edge], nice=False)
    return alt.X("lag:Q", axis=axis, scale=scale)


def _range(frame: pl.DataFrame) -> tuple[int, int]:
    finite = [v for v in frame["value"].drop_nulls() if math.isfinite(v)] or [0.0]
    return max(FLOOR, min(ALIVE - 1, math.floor(min(finite)))), max(1, math.ceil(max(finite)))


def _alive(frame: pl.DataFrame, x: alt.X, words: Words) -> list[Any]:
    """A row of numbers above the panel."""
    numbers = frame.group_by("lag", maintain_order=True).agg((pl.col("value") >= ALIVE).sum().alias("alive"))
    rows = [{"lag": lag, "says": count(alive)} for lag, alive in numbers.iter_rows()]
    above = alt.Chart(theme.data(rows)).mark_text(dy=-7, fontSize=11, color=theme.INK)
    head = alt.Chart(theme.data([{"says": words("alive")}])).mark_text(
        align="left", dx=8, dy=-7, fontSize=11, color=theme.SOFT, limit=0
    )
    return [above.encode(x=x, y=alt.value(0), text=alt.Text("says:N")),
            head.encode(x=alt.value(WIDTH), y=alt.value(0), text=alt.Text("says:N"))]  # fmt: skip


def _notes(frame: pl.DataFrame, sequences: int, words: Words) -> list[str]:
    directions = frame["rank"].n_unique()
    unresolved = frame["value"].null_count()
    small = frame.filter(pl.col("value") < FLOOR).height
    return [
        words("numbers", level=rate(10.0**ALIVE), directions=count(directions), sequences=count(sequences)),
        words("unresolved", count=count(unresolved)) if unresolved else "",
        words("small", count=count(small), floor=rate(10.0**FLOOR)) if small else "",
    ]
