"""A prepared file as a rival sees it: rows of lags, summaries of sequences, and where a value is missing."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from carousel.experiments.data.arrays import Bools, Floats, Ints, Singles
from carousel.experiments.data.prepare.prepared import Prepared

MOST_LAGS = 1000  # columns of lags: beyond, the nearest steps alone are kept


class Examples:
    """The examples of one split. All numbers are scaled as the networks see them; targets as in `Prepared.y`."""

    def __init__(self, prepared: Prepared):
        self.prepared = prepared
        self.y = prepared.y
        self.ends = prepared.starts + prepared.lengths - 1  # the last step that may be looked at

    def rows(self, part: str, most: int | None = None) -> Ints:
        """The examples of a part; at most so many, at even distances."""
        rows = self.prepared.rows(part)
        return rows if most is None or len(rows) <= most else rows[np.arange(most) * len(rows) // most]

    @property
    def columns(self) -> int:
        """K forecast columns."""
        return len(self.prepared.y_channels)

    @property
    def horizon(self) -> int:
        """H steps ahead."""
        return self.prepared.y.shape[1] // self.columns

    @cached_property
    def firsts(self) -> Ints:
        """[N] the row where the series of each example begins; where the file was prepared before that was kept, the
        first row of the example."""
        return self.prepared.starts if self.prepared.firsts is None else self.prepared.firsts

    @cached_property
    def missing(self) -> Bools:
        """[R, C] true where a value channel (no mask) has no value."""
        card = self.prepared.card
        names, masks = card["channels"]["names"], card["channels"]["masks"]
        values = len(names) - len(masks)
        found = np.zeros((len(self.prepared.x), values), dtype=bool)
        for place, name in enumerate(card["missing"] if masks else ()):
            found[:, names.index(name)] = self.prepared.x[:, values + place] > 0
        return found

    @cached_property
    def series(self) -> Floats:
        """[R, K] the forecast columns in the unit of y, from the training mean; NaN where a value is missing."""
        p, columns = self.prepared, self.prepared.y_channels
        values = p.x[:, columns].astype(np.float64) * p.std[columns] / p.y_std
        return np.where(self.missing[:, columns], np.nan, values)

    def lags(self, rows: Ints, most: int = MOST_LAGS) -> Singles:
        """[n, F] the last steps of each example, oldest first: every channel, the forecast columns relative to their
        last value, which is the last step's own. Windows are of one length."""
        p = self.prepared
        width = p.x.shape[1]
        steps = max(1, min(int(p.lengths.min()), most // width))
        window = p.x[self.ends[rows][:, None] + np.arange(1 - steps, 1)]
        window[:, :-1, p.y_channels] -= window[:, -1:, p.y_channels]
        return window.reshape(len(rows), -1)
