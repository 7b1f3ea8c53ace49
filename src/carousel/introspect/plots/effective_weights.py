"""Figure: with what weight each step of a sequence enters each later cell state."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from carousel.common.pages import theme
from carousel.common.pages.numbers import count, rate
from carousel.introspect.plots.downsampling import Array, block_size
from carousel.introspect.plots.heat import Field
from carousel.introspect.plots.labels import Words

STEPS = 200  # at most so many rows and columns
ROOM = (400, 400)
LEAST = -3  # the power of ten at which the scale of colours ends


def effective_weights(weights: Array, reverse: bool, number: int, batch: int, words: Words) -> Any:
    """weights: [L, L], the mean over the units of w_{t,j}, row t and column j. reverse: c_t holds the steps behind t.

    Logarithmic colours down to 1e-3; what is smaller, 0 too, has the last one. Steps that cannot be in c_t are blank.
    number: which of the `batch` sequences it is.
    """
    size = block_size(len(weights), STEPS)
    possible = np.triu if reverse else np.tril
    means = _blocks(np.where(possible(np.ones_like(weights)) > 0, weights, np.nan), size)
    field = Field(len(means), len(means), ROOM, span=size, deep=size)
    axes = tuple(alt.Axis(title=words(name), grid=False, tickCount=6, tickMinStep=1, format=",d") for name in "jt")
    rows = [
        {"x": int(j) * size, "y": int(t) * size, "value": round(max(LEAST, _log(means[t, j])), 3)}
        for t, j in np.argwhere(~np.isnan(means))
    ]
    chart = field.cells(rows, (axes[0], axes[1]), _colour(words))
    title = words.title(
        words("reading"),
        words("sequence", number=count(number), batch=count(batch)),
        words("averaged", steps=count(size)) if size > 1 else "",
    )
    return theme.styled(chart.properties(title=title, **field.size))


def _blocks(weights: Array, size: int) -> Array:
    """Means over blocks of steps, both ways, of what is there."""
    if size == 1:
        return weights
    there = np.where(np.isnan(weights), np.nan, 1.0)
    counts, sums = np.nan_to_num(there), np.nan_to_num(weights)
    starts = np.arange(0, len(weights), size)
    for axis in (0, 1):
        counts, sums = (np.add.reduceat(values, starts, axis=axis) for values in (counts, sums))
    means: Array = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means


def _log(weight: float) -> float:
    return float(np.log10(weight)) if weight > 0 else -np.inf


def _colour(words: Words) -> alt.Color:
    values = list(range(LEAST, 1))
    shown = {v: rate(10.0**v) for v in values} | {LEAST: f"≤ {rate(10.0**LEAST)}"}
    labels = ",".join(f"'{v}':'{says}'" for v, says in shown.items())
    legend = alt.Legend(title=words("weight"), gradientLength=160, values=values, labelFontSize=12,
                        labelExpr=f"{{{labels}}}[datum.value]", titleLimit=0)  # fmt: skip
    return alt.Color("value:Q", scale=alt.Scale(scheme="viridis", domain=[LEAST, 0]), legend=legend)
