"""A built-in task with a training set that ends: the same N sequences again and again, so that it can be overfitted."""

from __future__ import annotations

from typing import final
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from carousel.common.errors import BadPlan
from carousel.experiments.tasks.base import Batch, Part, Task
from carousel.experiments.tasks.synthetic import SyntheticTask

_SET_SEED = 5_000_011  # keeps the set's numbers apart from those that draw batches, weights and held-out parts


@final
class FixedSet(Task):
    """`endless` with N training sequences, drawn from it once by the trial's seed (`of_seed`).

    All contenders of a seed train on the same set; batches are drawn from it uniformly with replacement. Its training
    part is that set; validation and test are those of `endless`. There is no solved threshold, so that every trial
    runs to its last step: what is asked is how well a network does with so much data, not when it reaches a line.
    Raises BadPlan for less than one sequence.
    """

    def __init__(self, endless: SyntheticTask, sequences: int, seed: int = 0):
        if sequences < 1:
            raise BadPlan("the training set is too small", allowed="1 sequence or more", got=sequences)
        self.name = endless.name  # type: ignore[misc]  # a ClassVar of built-in tasks; here the wrapped one's
        self.inputs, self.outputs, self.length = endless.inputs, endless.outputs, endless.length
        self.readout, self.chance_loss = endless.readout, endless.chance_loss
        self.metric = endless.metric._replace(solved_threshold=None)
        self._endless, self._sequences = endless, sequences
        self._set = endless.sample(torch.Generator().manual_seed(seed + _SET_SEED), sequences)
        self._by_seed: WeakValueDictionary[int, FixedSet] = WeakValueDictionary()

    def of_seed(self, seed: int) -> FixedSet:
        """The task with the training set of that seed: one object for all trials that hold it, so that they can share
        their batches too."""
        found = self._by_seed.get(seed)
        if found is None:
            found = self._by_seed[seed] = FixedSet(self._endless, self._sequences, seed)
        return found

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        """`n` of the N sequences, uniform with replacement."""
        return self._rows(torch.randint(self._sequences, (n,), generator=generator))

    def held_out(self, part: Part, n: int | None = None) -> Batch:
        """The training set (its first `n`, which are as good as any), or the held-out sequences of the endless task."""
        if part != "training":
            return self._endless.held_out(part, n)
        return self._rows(torch.arange(self._sequences if n is None else min(n, self._sequences)))

    def _rows(self, rows: Tensor) -> Batch:
        held = self._set
        y = held.y[rows] if self.readout == "last" else held.y[:, rows]
        lengths, keys = (None if each is None else each[rows] for each in (held.lengths, held.key_positions))
        return Batch(held.x[:, rows], y, lengths, keys)

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Those of the endless task."""
        return self._endless.losses(output, batch)

    def score(self, output: Tensor, batch: Batch) -> float:
        """That of the endless task."""
        return self._endless.score(output, batch)

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """That of the endless task."""
        return self._endless.target_logit(output, batch)

    def rmse(self, output: Tensor, batch: Batch) -> float | None:
        """That of the endless task."""
        return self._endless.rmse(output, batch)
