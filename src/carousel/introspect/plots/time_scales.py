"""Figure: for how many steps each unit keeps what it holds."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from carousel.common.errors import BadCall
from carousel.common.pages import theme
from carousel.common.pages.log_axis import LogAxis
from carousel.common.pages.numbers import count, fixed
from carousel.introspect.plots.downsampling import Array
from carousel.introspect.plots.labels import Words

WIDTH, HEIGHT = 520, 230
COLOUR = "#0b5394"
BARS = 30  # about so many bars


def histogram(steps: Array, length: int) -> pl.DataFrame:
    """low, high, units: bins of equal width in log10 of the time scale, wide enough for `length` too.

    steps: [H]; what is 0, infinite or no number is not counted. Raises BadCall where nothing is left.
    """
    known = steps[np.isfinite(steps) & (steps > 0)]
    if not len(known):
        raise BadCall("no unit has a finite time scale above 0", got=f"{len(steps)} units, none of them",
                      fix="look at the gate itself: plot.raster")  # fmt: skip
    logs = np.log10(known)
    span = max(logs.max(), math.log10(length)) - min(logs.min(), math.log10(length))
    width = next(w for w in (0.05, 0.1, 0.2, 0.5, 1.0, math.inf) if span / w <= BARS)
    first, last = math.floor(logs.min() / width), math.floor(logs.max() / width)
    units = np.bincount(np.floor(logs / width).astype(np.int64) - first, minlength=last - first + 1)
    low = np.arange(first, last + 1) * width
    return pl.DataFrame({"low": low, "high": low + width, "units": units})


def time_scales(frame: pl.DataFrame, steps: Array, length: int, words: Words) -> Any:
    """`frame` of `histogram` of the same steps and length."""
    low = math.floor(min(frame["low"][0], math.log10(length)) + 1e-9)
    high = math.ceil(max(frame["high"][-1], math.log10(length)) - 1e-9)
    axis = LogAxis(low, max(high, low + 1), words("x"))
    count_axis = alt.Y("units:Q", axis=alt.Axis(title=words("y"), tickMinStep=1, tickCount=5, format=",d"))
    bars = alt.Chart(theme.data(frame.with_columns(pl.col("low", "high").round(4)).to_dicts()))
    layers = [
        bars.mark_bar(color=COLOUR, opacity=0.85, stroke="white", strokeWidth=0.6, binSpacing=0).encode(
            x=axis.x("low"), x2=alt.X2("high:Q"), y=count_axis, y2=alt.datum(0)
        ),
        *_length(length, axis, words),
    ]
    title = words.title(words("reading"), *_notes(steps, words))
    return theme.styled(alt.layer(*layers).properties(title=title, width=WIDTH, height=HEIGHT))


def _length(length: int, axis: LogAxis, words: Words) -> list[Any]:
    """A line at the length of the sequences, with its number above the panel."""
    base = alt.Chart(theme.data([{"low": round(math.log10(length), 4), "says": words("length", steps=count(length))}]))
    line = base.mark_rule(strokeDash=[3, 3], strokeWidth=1.5, color=theme.INK).encode(x=axis.x("low"))
    return [
        line,
        base.mark_text(dy=-7, fontSize=11, color=theme.INK).encode(
            x=axis.x("low"), y=alt.value(0), text=alt.Text("says:N")
        ),
    ]


def _notes(steps: Array, words: Words) -> list[str]:
    known = steps[np.isfinite(steps) & (steps > 0)]
    left_out = {"never": np.isposinf(steps), "nothing": steps == 0, "broken": np.isnan(steps)}
    numbers = {name: int(mask.sum()) for name, mask in left_out.items()}
    found = words("median", steps=fixed(float(np.median(known)), 1), units=count(len(steps)))
    return [found, *(words(name, count=count(n)) for name, n in numbers.items() if n)]
