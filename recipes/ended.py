"""A task with one empty step after its sequences, which the answer is read from, as Delétang et al. 2023 have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch

from carousel.experiments.tasks import Batch
from carousel.experiments.tasks.symbols import LastStepClassification


@final
class Ended(LastStepClassification):
    """The inner task's sequences and classes, T + 1 steps long: the last holds a symbol of its own.

    It says that the sequence is over and gives one more step to finish the answer in; docs/reproductions.md has what
    that step is worth to a plain RNN.
    """

    summary = "another task with an empty step at the end"
    shortest = 1

    def __init__(self, inner: LastStepClassification):
        self.inner = inner
        self.name = inner.name  # type: ignore[misc]  # a ClassVar of built-in tasks; here that of the task inside
        super().__init__(inner.length, inner.inputs + 1, inner.outputs)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        batch = self.inner.sample(generator, n)
        steps, _, symbols = batch.x.shape
        x = torch.zeros(steps + 1, n, symbols + 1)
        x[:-1, :, :-1] = batch.x
        x[-1, :, -1] = 1.0
        return batch._replace(x=x)


def ended(make: Callable[[int], LastStepClassification]) -> Callable[[int], LastStepClassification]:
    """The same task at every length, with the empty step."""
    return lambda length: Ended(make(length))
