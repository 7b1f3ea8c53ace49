"""Counting modulo 5: where on a cycle does a walk end?"""

from __future__ import annotations

import math
from typing import final

import torch

from carousel.common.shapes import valid_steps
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers

MODULUS = 5


@final
class ModularCounting(LastStepClassification):
    """Up to T moves, each one back, none, or one on, around a cycle of 5 places; name the place after the last.

    "Cycle navigation" of Delétang et al. 2023, and as there the number of moves is drawn from 1..T: with T of them
    always, no network here begins to learn. Chance: always answering the place of the start, which short walks
    favour (.213 at T=30; 1/5 in the limit). Of a length of k T, 1 - 1/k of the walks are longer than all of length T.
    Example (T=6): `+ + 0 + + +` -> 5 = 0 modulo 5.
    """

    name = "modular-counting"
    shortest = 1

    def __init__(self, length: int):
        super().__init__(length, inputs=3, classes=MODULUS)
        shares = _shares(length)
        self.metric = self.metric._replace(chance=max(shares), baseline="majority")
        self.chance_loss = -sum(p * math.log(p) for p in shares if p)  # one move reaches three places only

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        lengths = integers(self.length + 1, (n,), generator, low=1)
        moves = integers(3, (self.length, n), generator) - 1
        ends = (moves * valid_steps(lengths, self.length)).sum(dim=0) % MODULUS
        return Batch(encode(moves + 1, 3), ends, lengths)


def _shares(length: int) -> list[float]:
    """How often each place is the end: the mean over walks of 1..length moves."""
    places, total = [1.0] + [0.0] * (MODULUS - 1), [0.0] * MODULUS
    for _ in range(length):
        places = [(places[k - 1] + places[k] + places[(k + 1) % MODULUS]) / 3 for k in range(MODULUS)]
        total = [t + p for t, p in zip(total, places, strict=True)]
    return [t / length for t in total]
