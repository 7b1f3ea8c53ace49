"""A sequence of any length as a row of numbers: what a table-minded person would write down of each channel."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles
from carousel.experiments.rivals.examples import Examples

THIRDS = 3


def summaries(examples: Examples) -> Singles:
    """[N, F] of every sequence: its length; of each channel mean, deviation, least, largest, first, last, slope (a
    step), mean size of a change, mean of each third, and the share that is missing. Missing values count in none of
    them; a channel without a value in a sequence has 0, its training mean."""
    p = examples.prepared
    sequences = _Sequences(p.starts, p.lengths)
    values = np.where(examples.missing, np.nan, p.x[:, : examples.missing.shape[1]].astype(np.float64))
    masks = p.x[:, values.shape[1] :].astype(np.float64)
    found = [np.log(p.lengths)[:, None], *_of_values(sequences, values), sequences.mean(masks)]
    return np.nan_to_num(np.concatenate(found, axis=1), nan=0.0).astype(np.float32)


def _of_values(sequences: _Sequences, values: Floats) -> list[Floats]:
    mean = sequences.mean(values)
    centred = sequences.gathered(values) - np.repeat(mean, sequences.lengths, axis=0)
    time = sequences.places[:, None] - np.repeat((sequences.lengths - 1) / 2, sequences.lengths)[:, None]
    spread = np.maximum(sequences.total(np.broadcast_to(time**2, centred.shape)), 1.0)
    change = np.diff(sequences.gathered(values), axis=0, prepend=np.nan)
    change[sequences.places == 0] = np.nan
    return [
        mean,
        np.sqrt(sequences.mean_of(centred**2)),
        sequences.least(values),
        -sequences.least(-values),
        values[sequences.starts],
        values[sequences.starts + sequences.lengths - 1],
        sequences.total(centred * time) / spread,
        sequences.mean_of(np.abs(change)),
        *(sequences.third(values, which) for which in range(THIRDS)),
    ]


class _Sequences:
    """Sums over each of many sequences at once. NaN counts in none."""

    def __init__(self, starts: Ints, lengths: Ints):
        self.starts, self.lengths = starts, lengths
        self._cuts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.places = np.arange(int(lengths.sum())) - np.repeat(self._cuts, lengths)
        self._rows = np.repeat(starts, lengths) + self.places

    def gathered(self, values: Floats) -> Floats:
        """[sum of lengths, C] the steps of one sequence after the other."""
        return values[self._rows]

    def total(self, gathered: Floats) -> Floats:
        """[N, C] sums."""
        found: Floats = np.add.reduceat(np.nan_to_num(gathered, nan=0.0), self._cuts, axis=0)
        return found

    def mean_of(self, gathered: Floats) -> Floats:
        """[N, C]; NaN where no value is there."""
        count = np.add.reduceat(~np.isnan(gathered), self._cuts, axis=0, dtype=np.int64)
        return np.where(count > 0, self.total(gathered) / np.maximum(count, 1), np.nan)

    def mean(self, values: Floats) -> Floats:
        """[N, C] of steps [R, C]."""
        return self.mean_of(self.gathered(values))

    def least(self, values: Floats) -> Floats:
        """[N, C]; NaN where no value is there."""
        gathered = self.gathered(values)
        found = np.minimum.reduceat(np.where(np.isnan(gathered), np.inf, gathered), self._cuts, axis=0)
        return np.where(np.isinf(found), np.nan, found)

    def third(self, values: Floats, which: int) -> Floats:
        """[N, C] the mean of the first, second or last third of the steps."""
        inside = self.places * THIRDS // np.repeat(self.lengths, self.lengths) == which
        return self.mean_of(np.where(inside[:, None], self.gathered(values), np.nan))
