"""Series of different levels (10, 1,000, 100,000): each channel in a level and a unit of the series' own.

In one unit for all, the small series are as good as flat: no network learns them, and R² tells the levels apart alone.
"""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Bools, Floats, Ints, starts_of
from carousel.experiments.data.card import Card

DIFFER = 10  # times: so far apart are the changes of the series, the lowest and highest twentieth of them aside
_ASIDE = 0.05
NOTE = "own_units"


def own_channels(x: Floats, lengths: Ints) -> list[int]:
    """Places of the channels of x [R, C] whose series [S] differ in how much they change from step to step."""
    if len(lengths) < 2:
        return []
    spread = _deviation(*_sums(_changes(x, lengths) ** 2, lengths))
    found = []
    for place in range(x.shape[1]):
        held = spread[:, place][spread[:, place] > 0]
        if len(held) < 2 or np.isin(x[:, place], (0, 1)).all():  # a word's channel has no unit
            continue
        low = np.quantile(held, _ASIDE, method="lower")
        if np.quantile(held, 1 - _ASIDE, method="higher") > DIFFER * low:
            found.append(place)
    return found


def own_units(x: Floats, lengths: Ints, seen: Bools, window: int, channels: list[int]) -> Floats:
    """[S, 2, C]: mean and deviation of each series where it is `seen` [R], of one that begins later in its first
    window; 0 and 1 for other channels than `channels`. A series that does not vary has the unit 1."""
    place = np.arange(len(x)) - np.repeat(starts_of(lengths), lengths)
    early = np.where(np.repeat(_any(seen, lengths), lengths), seen, place < window)
    known = np.where(early[:, None], x, np.nan)
    level = np.nan_to_num(np.divide(*_sums(known, lengths)))
    unit = _deviation(*_sums((known - np.repeat(level, lengths, axis=0)) ** 2, lengths))
    own = np.stack([level, np.where(unit > 0, unit, 1.0)], axis=1)
    others = np.setdiff1d(np.arange(x.shape[1]), channels)
    own[:, 0, others], own[:, 1, others] = 0.0, 1.0
    return own


def in_own_units(x: Floats, lengths: Ints, own: Floats) -> Floats:
    """x [R, C] in the levels and units [S, 2, C] of its series."""
    level, unit = (np.repeat(own[:, k], lengths, axis=0) for k in (0, 1))
    scaled: Floats = (x - level) / unit
    return scaled


def own_columns(card: Card) -> list[str]:
    """The channels that have them, as the card says."""
    for note in card["notes"]:
        if note["key"] == NOTE and isinstance(note["columns"], list):
            return note["columns"]
    return []


def known_units(card: Card, own: Floats) -> dict[str, Floats]:
    """[2, C] of each series by its name, of own [S, 2, C]; none where there are more series than the card names."""
    forecast = card["forecast"]
    names = [] if forecast is None else list(forecast.get("series", {}).values())
    return dict(zip(names, own, strict=True)) if names else {}


def _changes(x: Floats, lengths: Ints) -> Floats:
    changes = np.diff(x, axis=0, prepend=np.nan)
    changes[starts_of(lengths)] = np.nan
    return changes


def _any(seen: Bools, lengths: Ints) -> Bools:
    found: Bools = np.add.reduceat(seen.astype(np.int64), starts_of(lengths)) > 0
    return found


def _sums(x: Floats, lengths: Ints) -> tuple[Floats, Floats]:
    """[S, C] the sum of each series, and of how many values; NaN counts for nothing."""
    starts, known = starts_of(lengths), ~np.isnan(x)
    count = np.add.reduceat(known.astype(np.float64), starts, axis=0)
    return np.add.reduceat(np.where(known, x, 0.0), starts, axis=0), np.where(count > 0, count, np.nan)


def _deviation(squares: Floats, count: Floats) -> Floats:
    found: Floats = np.sqrt(np.nan_to_num(squares / count))
    return found
