"""Temporal order: in which order did the X and Y come?"""

from __future__ import annotations

from typing import ClassVar, final

import torch

from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers, place

_X, _START, _END, _DISTRACTORS = 0, 2, 3, 4  # X Y | E B | a b c d
_SYMBOLS = 8


class _TemporalOrder(LastStepClassification):
    """E, then distractors a-d with X or Y at `positions`, then B; the class is the order of the X and Y.

    Hochreiter and Schmidhuber 1997, tasks 6a and 6b. There the length is 100..110 and the positions lie in the
    intervals
    of `windows`; for another T the windows keep their share of the length, which is drawn from T..1.1 T. Solved: .95
    right (theirs: every output within .3 of its target).
    """

    windows: ClassVar[tuple[tuple[int, int], ...]]  # inclusive, for T = 100
    shortest = 10

    def __init__(self, length: int):
        super().__init__(length, inputs=_SYMBOLS, classes=2 ** len(self.windows))
        self.longest = length + length // 10

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        lengths = integers(self.longest + 1, (n,), generator, low=self.length)
        symbols = integers(_SYMBOLS, (self.longest, n), generator, low=_DISTRACTORS)
        symbols[0] = _START
        place(symbols, lengths - 1, torch.full((n,), _END))
        y = torch.zeros(n, dtype=torch.int64)
        positions = []
        for low, high in self.windows:
            at = integers(self._scaled(high) + 1, (n,), generator, low=self._scaled(low))
            which = integers(2, (n,), generator)
            place(symbols, at, which + _X)
            y = 2 * y + which
            positions.append(at)
        return Batch(encode(symbols, _SYMBOLS), y, lengths, torch.stack(positions, dim=1))

    def _scaled(self, step: int) -> int:
        return max(1, step * self.length // 100)


@final
class TemporalOrder2(_TemporalOrder):
    """Task 6a: two symbols, four classes. Example: `E a d X c b b Y a d B` -> XY."""

    name = "temporal-order"
    windows = ((10, 20), (50, 60))


@final
class TemporalOrder3(_TemporalOrder):
    """Task 6b: three symbols, eight classes. Example: `E a X c Y b b Y a d B` -> XYY."""

    name = "temporal-order-3"
    windows = ((10, 20), (33, 43), (66, 76))
