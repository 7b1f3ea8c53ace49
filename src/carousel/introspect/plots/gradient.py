"""Figure: the size of the total derivative of the loss with respect to the state, at every step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from numpy.typing import NDArray

from carousel.common.pages import theme
from carousel.common.pages.log_axis import LogAxis
from carousel.common.pages.numbers import count
from carousel.introspect.plots.downsampling import Array
from carousel.introspect.plots.labels import Words

WIDTH, HEIGHT = 520, 240
COLOURS = {"h": "#0b5394", "c": "#a83c00"}
LANE = 6  # pixels from the marks of one state to those of the next


def norms(gradients: Mapping[str, Array], valid: NDArray[np.bool_], stride: int) -> pl.DataFrame:
    """One row for each state and step: state, step, middle, low, high, sequences, zeros, broken.

    gradients: [T, B, H] by state. valid: [T, B], False at padding; a step that is padding in all sequences has no row.
    middle, low, high: median, 10 and 90 % quantile over the sequences (of those that occur, none in between) of log10
    of the norm over the units; -inf where it is exactly 0, inf where it is no finite number. zeros, broken: how many
    sequences are so.
    """
    rows = []
    for state, gradient in gradients.items():
        logs = _log_norms(gradient)
        for step in np.flatnonzero(valid.any(axis=1)):
            there = logs[step, valid[step]]
            low, middle, high = np.quantile(there, [0.1, 0.5, 0.9], method="nearest").tolist()
            rows.append((state, int(step) * stride, middle, low, high, len(there),
                         int(np.isneginf(there).sum()), int(np.isposinf(there).sum())))  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_SCHEMA = {"state": pl.String(), "step": pl.Int64(), **dict.fromkeys(("middle", "low", "high"), pl.Float64()),
           **dict.fromkeys(("sequences", "zeros", "broken"), pl.Int64())}  # fmt: skip


def _log_norms(gradient: Array) -> Array:
    """[T, B]: log10 of the norm over the units, scaled so that no square underflows."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        most = np.abs(gradient).max(axis=-1, keepdims=True)
        logs = np.log10(np.sqrt(((gradient / np.where(most > 0, most, 1.0)) ** 2).sum(axis=-1)) * most[..., 0])
    return np.where(np.isnan(logs), np.inf, logs)


def gradient(frame: pl.DataFrame, words: Words, step: str, kind: str) -> Any:
    """`frame` of `norms`. step: the title of the axis of time. kind: the type of the numbers, "float32"."""
    axis = LogAxis(*_range(frame), words("y"))
    x = theme.steps("step", step)
    names = {state: words.value(state) for state in frame["state"].unique(maintain_order=True)}
    scale = alt.Scale(domain=list(names.values()), range=[COLOURS[state] for state in names])
    colour = alt.Color("state:N", scale=scale, legend=theme.line_legend(2))
    base = alt.Chart(theme.data(_rows(frame, names, axis))).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.15).encode(y=axis.y("low"), y2=alt.Y2("high:Q"))
    line = base.mark_line(strokeWidth=1.9).encode(y=axis.y("middle"))
    layers = [band, line, *_edges(frame, names, x, colour)]
    title = words.title(words("reading"), *_notes(frame, words, kind))
    return theme.styled(alt.layer(*layers).properties(title=title, width=WIDTH, height=HEIGHT))


def _range(frame: pl.DataFrame) -> tuple[int, int]:
    """Whole powers of ten around all that is finite."""
    finite = [v for name in ("low", "middle", "high") for v in frame[name] if math.isfinite(v)] or [0.0]
    low = math.floor(min(finite))
    return low, max(low + 1, math.ceil(max(finite)))


def _rows(frame: pl.DataFrame, names: Mapping[str, str], axis: LogAxis) -> list[dict[str, Any]]:
    """A middle that is not finite breaks the line; a band reaches to the edge of the axis."""
    shown = frame.with_columns(
        pl.col("state").replace_strict(names),
        pl.when(pl.col("middle").is_finite()).then(pl.col("middle").round(4)),
        *(pl.col(name).clip(axis.low, axis.high).round(4) for name in ("low", "high")),
    )
    return shown.select("state", "step", "middle", "low", "high").to_dicts()


def _edges(frame: pl.DataFrame, names: Mapping[str, str], x: alt.X, colour: alt.Color) -> list[Any]:
    """Thick marks below where the middle is exactly 0, above where it is no finite number."""
    layers = []
    for lane, (state, name) in enumerate(names.items()):
        part = frame.filter(pl.col("state") == state)
        for edge, at in ((-math.inf, HEIGHT - 4 - LANE * lane), (math.inf, 4 + LANE * lane)):
            runs = [{"step": first, "to": last, "state": name} for first, last in _runs(part, edge)]
            if runs:
                mark = alt.Chart(theme.data(runs)).mark_rule(strokeWidth=4, strokeCap="round")
                layers.append(mark.encode(x=x, x2=alt.X2("to:Q"), y=alt.value(at), color=colour))
    return layers


def _runs(part: pl.DataFrame, edge: float) -> Iterator[tuple[int, int]]:
    """First and last step of every stretch in which the middle is `edge`."""
    for hit, stretch in groupby(part.select("step", "middle").iter_rows(), key=lambda row: row[1] == edge):
        if hit:
            steps = [step for step, _ in stretch]
            yield steps[0], steps[-1]


def _notes(frame: pl.DataFrame, words: Words, kind: str) -> list[str]:
    counts = {name: int(frame[name].sum()) for name in ("zeros", "broken")}
    total = count(int(frame["sequences"].sum()))
    return [words(name, count=count(n), total=total, kind=kind) for name, n in counts.items() if n]
