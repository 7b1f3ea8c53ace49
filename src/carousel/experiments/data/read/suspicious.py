"""Numbers that are probably none: a value that recurs far outside the rest, and a few cells beyond all others.

They are taken as measured, since only the user knows, and told in the data card with the option that leaves them out.
"""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Bools, Floats, Ints, Note

RECURS = 3  # times, or more: a value for "missing" is written again and again
_DISTINCT = 10  # values of the rest, to know what is usual
_GAP = 3  # times the largest gap of the rest; once is enough for -999 and for a negative among none
_WILD_SHARE, _WILD_REACH = 0.005, 10  # so few cells, so many times the range of the middle 98 % beyond it


def suspicious(values: Floats, column: str, rows: Ints) -> list[Note]:
    """Notes on one column [R], NaN where missing; rows: [R] their numbers in the file."""
    known = np.flatnonzero(~np.isnan(values))
    held, numbers = values[known], rows[known]
    codes = [code for code in _extremes(held) if _means_missing(held, code)]
    notes: list[Note] = [_missing_note(held, column, code) for code in codes]
    usual = ~np.isin(held, codes)
    return notes + _wild(held[usual], column, numbers[usual])


def _extremes(held: Floats) -> list[float]:
    return [float(held.min()), float(held.max())] if len(held) else []


def _means_missing(held: Floats, code: float) -> bool:
    rest = np.unique(held[held != code])
    if int((held == code).sum()) < RECURS or len(rest) < _DISTINCT:
        return False
    nines = set(f"{abs(code):g}") == {"9"} and abs(code) >= 99
    marked = nines or (code < 0 <= rest[0])
    half, coded = rest / 2, code / 2  # the difference of two numbers may be none
    gap = max(half[0] - coded, coded - half[-1])
    return bool(gap / (1 if marked else _GAP) > np.diff(half).max())


def _missing_note(held: Floats, column: str, code: float) -> Note:
    rest = held[held != code]
    count = int((held == code).sum())
    return {"key": "means_missing", "column": column, "value": f"{code:g}", "count": count,
            "min": float(rest.min()), "max": float(rest.max())}  # fmt: skip


def _wild(held: Floats, column: str, rows: Ints) -> list[Note]:
    bounds = usual_range(held, held)
    if bounds is None:
        return []
    low, high = bounds
    wild = np.flatnonzero(beyond(held, low, high))
    shown = [f"{held[place]:g} (row {rows[place]})" for place in wild[:3]]
    return [
        {"key": "wild", "column": column, "count": len(wild), "values": shown, "min": float(low), "max": float(high)}
    ]


def usual_range(usual: Floats, held: Floats) -> tuple[float, float] | None:
    """Where the middle 98 % of `usual` lie, if a few cells of `held` are far beyond it; else None."""
    if len(usual) < 2 / _WILD_SHARE:
        return None
    low, high = map(float, np.quantile(usual, (0.01, 0.99)))
    count = int(beyond(held, low, high).sum()) if high > low else 0
    return (low, high) if 0 < count <= _WILD_SHARE * len(held) else None


def beyond(held: Floats, low: float, high: float) -> Bools:
    """The cells further than ten such ranges from one; false for a gap."""
    reach = _WILD_REACH * (high - low)
    found: Bools = (held < low - reach) | (held > high + reach)
    return found
