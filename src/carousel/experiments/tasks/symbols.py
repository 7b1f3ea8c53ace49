"""What tasks of classification at the end of a sequence share: symbols as one-hot rows, cross entropy, accuracy."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.losses import cross_entropies
from carousel.experiments.tasks.synthetic import SyntheticTask


class LastStepClassification(SyntheticTask):
    """One of `outputs` equally likely classes, read at the last step. Chance: 1/outputs; solved: .95 right."""

    readout = "last"

    def __init__(self, length: int, inputs: int, classes: int):
        super().__init__(length)
        self.inputs, self.outputs = inputs, classes
        self.metric = Metric("accuracy", 1 / classes, "chance", 0.95)
        self.chance_loss = math.log(classes)

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Cross entropy in nats."""
        return cross_entropies(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        """Share of sequences whose class is right."""
        return (output.argmax(dim=-1) == batch.y).double().mean().item()

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The logit of the right class."""
        return output.gather(1, batch.y.unsqueeze(1)).squeeze(1)


def integers(high: int, shape: tuple[int, ...], generator: torch.Generator, low: int = 0) -> Tensor:
    """Uniform whole numbers in low..high-1."""
    return torch.randint(low, high, shape, generator=generator)


def encode(symbols_TB: Tensor, count: int) -> Tensor:
    """[T, B] symbol numbers -> [T, B, count] one-hot."""
    return torch.zeros(*symbols_TB.shape, count).scatter_(-1, symbols_TB.unsqueeze(-1), 1.0)


def place(symbols_TB: Tensor, positions_B: Tensor, values_B: Tensor) -> None:
    """Write one symbol into each sequence, at its own step."""
    symbols_TB[positions_B, torch.arange(symbols_TB.shape[1])] = values_B
