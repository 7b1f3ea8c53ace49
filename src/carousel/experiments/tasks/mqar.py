"""Multi-query associative recall: remember which value belongs to which key, for several keys at once."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.every_step import EveryStepClassification, not_asked
from carousel.experiments.tasks.symbols import encode

SYMBOLS = 8  # keys, and as many values
_BLANK, _POWER = 0, 0.01  # the power law of the source: gap g is drawn in proportion to g ** (_POWER - 1)
_STEPS_PER_PAIR = 4  # two to read it, two for its query


@final
class MultiQueryRecall(EveryStepClassification):
    """K pairs key value, then each key once more among blanks; at that step, name its value.

    Arora et al. 2023 (Zoology): keys and values are distinct and of two halves of the vocabulary, the second
    occurrences are at every other step, near ones preferred by a power law. Here the vocabulary is 8 keys, 8 values
    and a blank instead of thousands, and K is T / 4, at most 8, so that a network of 6,600 parameters can be compared
    on it: with 3 pairs of 16 keys at T=30 a Transformer of that size was still without the rule after 1,500 steps.
    A longer sequence holds more pairs, up to 8 from T=32 on, asks for them later, and has the same inputs and outputs.
    It ends with its last query, at T or before. Score: share of queries answered right; chance is 1/8, and whoever
    knows the values of the sequence but not their keys reaches 1/K.
    Example (K=2): `C q F b C . . . F` -> q at the second C, b at the second F.
    """

    name = "mqar"
    shortest = 8
    inputs, outputs = 1 + 2 * SYMBOLS, SYMBOLS
    metric = Metric("accuracy", 1 / SYMBOLS, "memoryless", 0.95)
    chance_loss = math.log(SYMBOLS)

    def __init__(self, length: int):
        super().__init__(length)
        self.pairs = min(length // _STEPS_PER_PAIR, SYMBOLS)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        keys, values = (_distinct(self.pairs, n, generator) for _ in range(2))
        queries, columns = self._queries(generator, n), torch.arange(n)
        symbols, y = torch.full((self.length, n), _BLANK), not_asked(self.length, n)
        symbols[0 : 2 * self.pairs : 2] = 1 + keys
        symbols[1 : 2 * self.pairs : 2] = 1 + SYMBOLS + values
        symbols[queries, columns] = 1 + keys
        y[queries, columns] = values
        positions = torch.arange(2 * self.pairs).expand(n, -1)
        return Batch(encode(symbols, self.inputs), y, queries.amax(dim=0) + 1, positions)

    def _queries(self, generator: torch.Generator, n: int) -> Tensor:
        """[K, B] the step at which each key is asked for."""
        slots = (self.length - 2 * self.pairs) // 2
        weights = torch.arange(1, slots + 1, dtype=torch.float64) ** (_POWER - 1)
        drawn = weights.expand(n, -1).multinomial(self.pairs, generator=generator)
        return 2 * self.pairs + 2 * drawn.T


def _distinct(count: int, n: int, generator: torch.Generator) -> Tensor:
    """[count, B] symbol numbers, no two of a sequence alike."""
    return torch.rand(n, SYMBOLS, generator=generator).argsort(dim=1)[:, :count].T
