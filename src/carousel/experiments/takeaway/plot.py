"""The answers as a picture: probabilities, values with their intervals, or forecasts behind their history."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import polars as pl

from carousel.common.pages import theme
from carousel.common.pages.render import svg
from carousel.experiments.data import DataTask
from carousel.experiments.takeaway.predict import Predictions

MOST_SEQUENCES, MOST_SERIES = 40, 6  # that are drawn, the first


def drawn(found: Predictions) -> str:
    """The picture as SVG."""
    assert isinstance(found.taken.task, DataTask)  # nothing else answers new rows
    kind = found.taken.task.prepared.kind
    chart = {"classification": _classes, "regression": _values, "forecast": _ahead, "piano-roll": _keys}[kind](found)
    return svg(chart, "predictions")


def _classes(found: Predictions) -> Any:
    named = found.rows.named
    shares = _named_alone(found).select(named, "^p\\(.*\\)$").unpivot(index=named)
    rows = shares.select(pl.col(named).cast(pl.String).alias("sequence"), pl.col("variable").alias("class"), "value")
    data = alt.Chart(theme.data(rows.to_dicts()))
    x, y = alt.X("value:Q", title="p", scale=alt.Scale(domain=[0, 1])), alt.Y("sequence:N", sort=None, title=named)
    return data.mark_bar().encode(x=x, y=y, color=alt.Color("class:N", title=None))


def _named_alone(found: Predictions) -> pl.DataFrame:
    """The first answers, each by a name of its own: of a step that of its sequence and its number."""
    table, named = found.table.head(MOST_SEQUENCES), found.rows.named
    if found.rows.steps is None:
        return table
    return table.with_columns(pl.concat_str(pl.col(named), pl.col("step"), separator=" / ").alias(named))


def _keys(found: Predictions) -> Any:
    """A row a piece, a column a key."""
    named, names = found.rows.named, found.table.columns[1:]
    shares = found.table.head(MOST_SEQUENCES).rename(dict(zip(names, map(str, range(1, len(names) + 1)), strict=True)))
    rows = shares.unpivot(index=named, variable_name="key", value_name="p")
    data = alt.Chart(theme.data(rows.rename({named: "piece"}).with_columns(pl.col("key").cast(pl.Int64)).to_dicts()))
    x, y = alt.X("key:O", axis=alt.Axis(labelOverlap=True)), alt.Y("piece:N", sort=None, title=named)
    return data.mark_rect().encode(x=x, y=y, color=alt.Color("p:Q", scale=alt.Scale(domain=[0, 1])))


def _values(found: Predictions) -> Any:
    rows = _named_alone(found).rename({found.rows.named: "sequence"})
    base = alt.Chart(theme.data(rows.to_dicts())).encode(y=alt.Y("sequence:N", sort=None, title=found.rows.named))
    x = alt.X("predicted:Q", title=_target(found), scale=alt.Scale(zero=False))
    point = base.mark_point(filled=True, opacity=1).encode(x=x)
    return point if found.band is None else base.mark_rule().encode(x="low:Q", x2="high:Q") + point


def _ahead(found: Predictions) -> Any:
    rows = [row for k in range(min(len(found.rows.names), MOST_SERIES)) for row in _one(found, k)]
    base = alt.Chart(theme.data(rows)).encode(x=alt.X("step:Q", title="step"))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False))
    line = base.mark_line().encode(y=y, color=alt.Color("part:N", title=None))
    layers = line if found.band is None else base.mark_area(opacity=0.25).encode(y="low:Q", y2="high:Q") + line
    return layers.facet(facet=alt.Facet("panel:N", title=None, sort=None), columns=2).resolve_scale(y="independent")


def _one(found: Predictions, series: int) -> list[dict[str, Any]]:
    """History and forecast of one series, step 0 being its last."""
    assert isinstance(found.taken.task, DataTask)
    trained, name = found.taken.task.prepared, found.rows.names[series]
    start, length = found.rows.places()[series]
    horizon = found.table.height // len(found.rows.names)
    ahead = found.table.slice(series * horizon, horizon).to_dicts()
    rows: list[dict[str, Any]] = []
    for channel in trained.y_channels:
        column = trained.card["channels"]["names"][channel]
        about = {"panel": f"{name}: {column}"}
        history = found.rows.raw[start : start + length, channel]
        steps = zip(np.arange(1 - length, 1).tolist(), history.tolist(), strict=True)
        past = [(step, value) for step, value in steps if value == value]
        rows += [{**about, "part": "history", "step": step, "value": value} for step, value in past]
        ends = {"low": f"{column} low", "high": f"{column} high"} if found.band is not None else {}
        rows += [{**about, "part": "forecast", "step": row["ahead"], "value": row[column],
                  **{end: row[at] for end, at in ends.items()}} for row in ahead]  # fmt: skip
    return rows


def _target(found: Predictions) -> str | None:
    assert isinstance(found.taken.task, DataTask)
    return found.taken.task.prepared.card["target"]
