"""The contract: targets, loss, score and the number whose gradient is followed, for one kind of file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor

from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.tasks.base import Batch


class Objective(ABC):
    """Set by each: `readout` as in `Task`; `outputs`, O numbers a readout gives."""

    readout: ClassVar[Literal["last", "every"]] = "last"
    outputs: int

    def __init__(self, prepared: Prepared):
        self.prepared = prepared

    @abstractmethod
    def targets(self, rows: Tensor, index_TB: Tensor) -> Tensor:
        """y of the examples `rows` [B]; index_TB: where their steps are in x, the last row of x being padding."""

    @abstractmethod
    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """[P], of P networks: see `Task.losses`."""

    @abstractmethod
    def score(self, output: Tensor, batch: Batch) -> float:
        """Higher is better."""

    @abstractmethod
    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """[B]."""

    def errors(self, output: Tensor, batch: Batch) -> Floats | None:
        """[B, M]: see `DataTask.errors`."""
        return None

    def values(self, answer: Tensor, batch: Batch) -> Floats | None:
        """[B, M]: see `DataTask.values`."""
        return None

    def difficulty(self, batch: Batch) -> Floats | None:
        """[B, M]: see `DataTask.difficulty`."""
        return None

    def rmse(self, output: Tensor, batch: Batch) -> float | None:
        """Root mean square error in the target's own unit; None where no value is predicted."""
        return None


def true_steps(batch: Batch) -> Tensor:
    """[P, T, B] of a batch of P networks: true at steps that are no padding."""
    networks, steps, count, _ = batch.x.shape
    if batch.lengths is None:
        return torch.ones(networks, steps, count, dtype=torch.bool, device=batch.x.device)
    return torch.arange(steps, device=batch.x.device)[:, None] < batch.lengths.unsqueeze(1)


def at_last_step(values_TBx: Tensor, batch: Batch) -> Tensor:
    """[B, ...] the value at each sequence's last true step."""
    if batch.lengths is None:
        return values_TBx[-1]
    return values_TBx[batch.lengths - 1, torch.arange(len(batch.lengths), device=values_TBx.device)]
