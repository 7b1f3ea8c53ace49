"""The counter language a^n b^n: after n times a and as many b, the string ends."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.every_step import EveryStepClassification
from carousel.experiments.tasks.losses import NOT_ASKED
from carousel.experiments.tasks.symbols import encode, integers

_B, _END = 0, 1  # the two classes; as symbols of the input, a is 0 and b is 1


@final
class AnBn(EveryStepClassification):
    """n times a, then n times b; from the first b on, name what comes next: another b, or the end.

    Gers and Schmidhuber 2001, where a network must name every possible next symbol; asked here only where there is
    just one. n is drawn from T/4 + 1 .. T/2, so every string of a length of 2 T or more is longer than all of length T:
    a longer sequence asks for a count never seen. Score: share of strings with no mistake at all. Chance: one guess
    among the N possible n; always answering b reaches 0. Loss of chance: that of knowing how rare the end is.
    Example (n=3): `a a a b b b` -> `. . . b b end`.
    """

    name = "anbn"
    shortest = 8
    inputs, outputs = 2, 2

    def __init__(self, length: int):
        super().__init__(length)
        self.fewest, self.most = length // 4 + 1, length // 2
        self.metric = Metric("accuracy", 1 / (self.most - self.fewest + 1), "chance", 0.95)
        self.chance_loss = _entropy(2 / (self.fewest + self.most))

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        counts = integers(self.most + 1, (n,), generator, low=self.fewest)
        steps = torch.arange(2 * self.most).unsqueeze(1)
        y = torch.where(steps == 2 * counts - 1, _END, _B)
        y[(steps < counts) | (steps >= 2 * counts)] = NOT_ASKED
        return Batch(encode((steps >= counts).long(), self.inputs), y, 2 * counts)

    def score(self, output: Tensor, batch: Batch) -> float:
        """Share of strings that are wholly right."""
        right = (output.argmax(dim=-1) == batch.y) | ~self.scored(batch)
        return right.all(dim=0).double().mean().item()


def _entropy(p: float) -> float:
    """Of a biased coin, in nats."""
    return -p * math.log(p) - (1 - p) * math.log(1 - p)
