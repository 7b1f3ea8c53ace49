"""Figure: a gate or state of every unit at every step of one sequence."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
from numpy.typing import NDArray

from carousel.common.pages import theme
from carousel.common.pages.numbers import count
from carousel.introspect.plots.downsampling import Array, block_means, block_size, evenly
from carousel.introspect.plots.heat import Field
from carousel.introspect.plots.labels import Words

UNITS, STEPS = 128, 280  # at most so many rows and columns
ROOM = (560, 260)
SIGMOIDS = ("i", "f", "o", "r", "z")  # values between 0 and 1; all others lie around 0


class Sequence(NamedTuple):
    """One sequence of a batch. values: [T, H], of the steps kept. valid: [T], False at padding. name: "f".
    stride: steps from one kept to the next. number: which of the `batch` sequences it is."""

    values: Array
    valid: NDArray[np.bool_]
    name: str
    stride: int
    number: int
    batch: int


def raster(shown: Sequence, words: Words, step: str) -> Any:
    """Units down, in the order of their means; steps across. Padding is blank; a value that is no number is black.

    step: the title of the axis of time.
    """
    steps, units = shown.values.shape
    order = _order(shown)
    kept, size = order[evenly(units, UNITS)], block_size(steps, STEPS)
    means = block_means(np.where(shown.valid[:, None], _numbers(shown.values), np.nan)[:, kept], size)
    field = Field(len(means), len(kept), ROOM, span=size * shown.stride)
    axes = (alt.Axis(title=step, grid=False, tickCount=6, tickMinStep=1, format=",d"),
            alt.Axis(title=words("units"), grid=False, labels=False, ticks=False))  # fmt: skip
    finite = np.isfinite(means)
    cells = field.cells(_rows(means, finite, kept, field.span), axes, _colour(shown.name, means[finite]))
    broken = _rows(means, np.isinf(means), kept, field.span)
    layers = [cells, *([field.cells(broken, axes, alt.value(theme.INK))] if broken else []), *_end(shown, field, axes)]
    title = words.title(*_notes(shown, words, len(kept), size), value=words.value(shown.name))
    return theme.styled(alt.layer(*layers).properties(title=title, **field.size))


def _numbers(values: Array) -> Array:
    """What is no number as infinite: NaN marks what is not there."""
    return np.where(np.isfinite(values), values, np.inf)


def _order(shown: Sequence) -> NDArray[np.int64]:
    """Units from the highest mean to the lowest."""
    there = shown.valid[:, None] & np.isfinite(shown.values)
    sums = np.where(there, shown.values, 0.0).sum(axis=0)
    return np.argsort(-sums / np.maximum(there.sum(axis=0), 1), kind="stable")


def _rows(means: Array, chosen: NDArray[np.bool_], units: NDArray[np.int64], span: int) -> list[dict[str, Any]]:
    return [
        {"x": int(t) * span, "y": int(row), "unit": int(units[row])}
        | ({"value": round(float(means[t, row]), 3)} if np.isfinite(means[t, row]) else {})
        for t, row in np.argwhere(chosen)
    ]


def _colour(name: str, values: Array) -> alt.Color:
    legend = alt.Legend(title=name, gradientLength=140, titleFontSize=12, tickCount=5)
    if name in SIGMOIDS:
        return alt.Color("value:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=legend)
    most = float(np.abs(values).max(initial=0.0)) or 1.0
    scale = alt.Scale(scheme="blueorange", domain=[-most, most], nice=False)
    return alt.Color("value:Q", scale=scale, legend=legend)


def _end(shown: Sequence, field: Field, axes: tuple[alt.Axis, alt.Axis]) -> list[Any]:
    """A line where the sequence ends and padding begins."""
    if shown.valid.all():
        return []
    end = alt.Chart(theme.data([{"x": int(shown.valid.sum()) * shown.stride}]))
    return [end.mark_rule(**theme.LEVEL).encode(x=field.x(axes[0]))]


def _notes(shown: Sequence, words: Words, units: int, size: int) -> list[str]:
    whole = units == shown.values.shape[1]
    there = shown.values[shown.valid]
    broken = int((~np.isfinite(there)).sum())
    length = int(shown.valid.sum()) * shown.stride
    return [
        words("sequence", number=count(shown.number), batch=count(shown.batch)),
        words("sorted") if whole else words("sampled", shown=count(units), units=count(shown.values.shape[1])),
        words("averaged", steps=count(size)) if size > 1 else "",
        words.shared("every", every=count(shown.stride)) if shown.stride > 1 else "",
        "" if shown.valid.all() else words("padding", length=count(length)),
        words("broken", count=count(broken)) if broken else "",
    ]
