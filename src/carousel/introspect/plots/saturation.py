"""Figure: how often each unit's gates are shut or open, after Karpathy, Johnson and Fei-Fei 2015."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from carousel.common.errors import BadCall
from carousel.common.pages import theme
from carousel.common.pages.numbers import count, fixed
from carousel.introspect.plots.downsampling import Array
from carousel.introspect.plots.labels import Words

#: Where a value counts as saturated: a sigmoid at a tenth of its range, a tanh where |value| > .9.
SIGMOID, TANH = (0.1, 0.9), (-0.9, 0.9)
LIMITS = dict.fromkeys("ifozr", SIGMOID) | dict.fromkeys("gn", TANH)
SIDE = 190
COLOUR = "#0b5394"


def gates_of(cell: str, gates: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """What can saturate, with its limits: the gates; of a plain tanh network its state. BadCall for a ReLU."""
    if gates:
        return {gate: LIMITS[gate] for gate in gates}
    if cell != "rnn":
        raise BadCall(f"saturation is not defined for {cell}", allowed="an LSTM, a GRU or a tanh RNN",
                      got="no gates, and a ReLU, which has no upper limit")  # fmt: skip
    return {"h": TANH}


def shares(values: Mapping[str, Array], limits: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    """gate, unit, low, high: the share of a unit's steps at which the gate is below and above its limits.

    values: [T, B, H] by gate, NaN at padding; what is no number does not count, and a unit that has nothing else has no
    row.
    """
    frames = []
    for gate, (low, high) in limits.items():
        flat = values[gate].reshape(-1, values[gate].shape[-1])
        steps = np.isfinite(flat).sum(axis=0)
        units = np.flatnonzero(steps)
        below, above = (
            (mask & np.isfinite(flat)).sum(axis=0)[units] / steps[units] for mask in (flat < low, flat > high)
        )
        frames.append(pl.DataFrame({"gate": [gate] * len(units), "unit": units, "low": below, "high": above}))
    return pl.concat(frames)


def saturation(frame: pl.DataFrame, limits: Mapping[str, tuple[float, float]], units: int, words: Words) -> Any:
    """`frame` of `shares`; one panel a gate, one point a unit. units: H."""
    panels = [_panel(frame.filter(pl.col("gate") == gate), gate, ends, words) for gate, ends in limits.items()]
    grid = theme.panels(panels, columns=2 if len(panels) == 4 else len(panels))
    return grid.properties(title=words.title(words("reading"), words("units", units=count(units))))


def _panel(part: pl.DataFrame, gate: str, ends: tuple[float, float], words: Words) -> Any:
    rows = part.with_columns(pl.col("low", "high").round(4)).to_dicts()
    low, high = (f"{end:g}".replace("-", "−") for end in ends)
    points = alt.Chart(theme.data(rows)).mark_point(filled=True, size=42, opacity=0.45, color=COLOUR)
    shown = points.encode(
        x=_share("x", "low", words("low", limit=low)), y=_share("y", "high", words("high", limit=high))
    )
    limit = alt.Chart(theme.data([{"low": 0, "high": 1}, {"low": 1, "high": 0}])).mark_line(**theme.LEVEL)
    layers = [limit.encode(x=alt.X("low:Q"), y=alt.Y("high:Q")), shown]
    return alt.layer(*layers).properties(
        width=SIDE, height=SIDE, title=theme.titled(words.value(gate), [_mean(part, words)])
    )


def _mean(part: pl.DataFrame, words: Words) -> str:
    """Over the units, since many points coincide."""
    low, high = (fixed(100 * part[name].mean(), 0) for name in ("low", "high"))  # type: ignore[operator, arg-type]
    return words("mean", low=low, high=high)


def _share(channel: str, field: str, title: str) -> Any:
    kind = alt.X if channel == "x" else alt.Y
    return kind(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=title, tickCount=5, format=".1f"))
