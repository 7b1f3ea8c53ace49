"""Random labels: a table of sequences to be memorised, to measure how much a network can hold."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric, Part
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers

SYMBOLS, CLASSES = 16, 4  # with which LSTMs of 1, 2 and 4 layers can have 1,124 parameters each
ROWS = 4096  # of log2 4 = 2 bits each: 7.3 bits for each of 1,124 parameters, of which 5 are known to be held
_TABLE_SEED = 4_000_037  # keeps the table's numbers apart from those that draw batches and weights


@final
class RandomLabels(LastStepClassification):
    """A fixed table of 4,096 different sequences of T symbols of 16, each with one of 4 classes drawn by lot.

    A sequence tells nothing about another's class, so there is nothing to generalise: training, validation and test
    are the table itself, and what is measured is how many bits of it a network holds in the end
    (`training.memorised`). Each trial's seed makes a table of its own, the same for every contender (`of_seed`). After
    the capacity experiment of Collins, Sohl-Dickstein, Sussillo 2017 (random inputs, random classes). Score: mean
    log-likelihood of the right class in nats, by which the best weights are kept and the learning rate is chosen, as
    bits are an affine function of it. There is no solved threshold: the table is larger than what a small network
    can hold. A longer sequence has the same label to hold, in a longer name.
    Example (T=4): `C A P F` -> 2, at every call.
    """

    name = "random-labels"
    shortest = 4  # 65,536 sequences to choose from
    longest_allowed = 2_000  # the table is drawn and sorted in memory
    checked = ROWS  # of 256 alone, the luck of the rows outweighs what a learning rate gains

    def __init__(self, length: int, seed: int = 0):
        super().__init__(length, inputs=SYMBOLS, classes=CLASSES)
        self.metric = Metric("log_likelihood", -math.log(CLASSES), "chance", solved_threshold=None)
        generator = torch.Generator().manual_seed(seed + _TABLE_SEED)
        self._symbols_TN = _different(ROWS, length, generator).T
        self._labels_N = integers(CLASSES, (ROWS,), generator)

    def of_seed(self, seed: int) -> RandomLabels:
        """The task with the table of that seed."""
        return RandomLabels(self.length, seed)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        """`n` rows of the table, uniform with replacement."""
        return self._batch(integers(ROWS, (n,), generator))

    def held_out(self, part: Part, n: int | None = None) -> Batch:
        """The table, whatever the part; its first `n` rows where given, which are as good as any."""
        return self._batch(torch.arange(ROWS if n is None else min(n, ROWS)))

    def _batch(self, rows: Tensor) -> Batch:
        return Batch(encode(self._symbols_TN[:, rows], SYMBOLS), self._labels_N[rows])

    def score(self, output: Tensor, batch: Batch) -> float:
        """Mean log-likelihood of the right class, in nats."""
        return -self.loss(output.double(), batch).item()


def _different(count: int, length: int, generator: torch.Generator) -> Tensor:
    """[count, length] sequences, uniform among the sets of `count` different ones, in random order."""
    found = torch.empty(0, length, dtype=torch.int64)
    while len(found) < count:
        found = torch.cat([found, integers(SYMBOLS, (2 * count, length), generator)]).unique(dim=0)
    return found[torch.randperm(len(found), generator=generator)[:count]]
