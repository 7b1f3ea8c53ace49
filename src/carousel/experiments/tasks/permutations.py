"""Composing permutations of five things: where is the first one now?"""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.every_step import EveryStepClassification
from carousel.experiments.tasks.symbols import encode

THINGS = 5


@final
class Permutations(EveryStepClassification):
    """T permutations of five places, drawn from all 120; after each, name the place where the first thing now is.

    The word problem of S5 as in Merrill, Petty, Sabharwal 2024, asked about one thing: whoever follows it composes the
    permutations, the group being that of the five-state automaton. 120 one-hot inputs and 120 classes would leave an
    LSTM of 6,600 parameters 10 hidden units; so a permutation comes as its matrix (row i marks the place to which
    the thing at place i goes: 25 inputs) and there are 5 classes. Every step has a label, since with one at the end
    alone no network here begins to learn; the score counts the last step, where the answer depends on all T
    permutations and whoever missed one is right with chance 1/5. A longer sequence composes more of them.
    Example (T=2), where places 1..5 go: `23145 51234` -> `2 1`, of which 1 is scored.
    """

    name = "permutations"
    shortest = 1
    inputs, outputs = THINGS * THINGS, THINGS
    metric = Metric("accuracy", 1 / THINGS, "chance", 0.95)
    chance_loss = math.log(THINGS)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        permutations = torch.rand(self.length, n, THINGS, generator=generator).argsort(dim=2)
        place, places = torch.zeros(n, 1, dtype=torch.int64), []
        for permutation in permutations:
            place = permutation.gather(1, place)
            places.append(place.squeeze(1))
        return Batch(encode(permutations, THINGS).flatten(2), torch.stack(places))

    def scored(self, batch: Batch) -> Tensor:
        """The last step only."""
        scored = torch.zeros_like(batch.y, dtype=torch.bool)
        scored[-1] = True
        return scored
