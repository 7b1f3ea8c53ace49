"""Delayed recall: name the one key symbol of the sequence when it ends."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers, place

KEYS = 8


class _Recall(LastStepClassification):
    """One key of 8 among distractors, which are 8 other symbols; answer with the key after the last step.

    Carousel's own task, after the long time lag problems 2a-2c of Hochreiter and Schmidhuber 1997.
    """

    def __init__(self, length: int):
        super().__init__(length, inputs=2 * KEYS, classes=KEYS)

    def _batch(self, generator: torch.Generator, n: int, positions: Tensor) -> Batch:
        symbols = integers(2 * KEYS, (self.length, n), generator, low=KEYS)
        key = integers(KEYS, (n,), generator)
        place(symbols, positions, key)
        return Batch(encode(symbols, 2 * KEYS), key, key_positions=positions.unsqueeze(1))


@final
class DelayedRecall(_Recall):
    """The key stands first, T-1 distractors follow.

    Example (T=6): keys A..H, distractors a..h: `C f a a h b` -> C.
    """

    name = "delayed-recall"

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        return self._batch(generator, n, torch.zeros(n, dtype=torch.int64))


@final
class RandomRecall(_Recall):
    """The key stands anywhere.

    Example (T=6): `f a C a h b` -> C.
    """

    name = "random-recall"

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        return self._batch(generator, n, integers(self.length, (n,), generator))
