"""When the steps of a forecast are: the last moment of a series and whole steps on."""

from __future__ import annotations

import datetime as dt

import numpy as np

from carousel.experiments.data.arrays import firsts_of
from carousel.experiments.data.prepare.asked_rows import NewRows

_DAY_0 = dt.datetime(1970, 1, 1)


def times_ahead(rows: NewRows, horizon: int) -> list[str] | None:
    """[N x horizon] moments as text, or None where nothing orders the steps of the file, or not evenly."""
    if rows.times is None:
        return None
    spacing = rows.times.spacing(firsts_of(rows.lengths))
    if not spacing["regular"] or not spacing["step"]:
        return None
    step = spacing["step"] * rows.times.per_unit
    ends = rows.times.values[rows.starts + rows.lengths - 1]
    ahead = np.asarray(ends)[:, None] + step * np.arange(1, horizon + 1)
    return [_said(float(moment), rows.times.unit) for moment in ahead.ravel()]


def _said(moment: float, unit: str) -> str:
    if unit == "months":
        year, month = divmod(round(moment) - 1, 12)
        return f"{year:04d}-{month + 1:02d}"
    if unit == "days":
        return (_DAY_0 + dt.timedelta(days=moment)).date().isoformat()
    if unit == "seconds":
        return (_DAY_0 + dt.timedelta(microseconds=moment)).isoformat(sep=" ")
    return f"{moment:.10g}"
