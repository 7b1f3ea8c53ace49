"""The adding problem."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.losses import squared_errors
from carousel.experiments.tasks.synthetic import SyntheticTask

_VARIANCE = 1 / 6  # of the sum of two U[0, 1): the mean squared error of always answering 1


@final
class Adding(SyntheticTask):
    """Values U[0, 1) and two marked, distinct steps; answer with the sum of the marked values after the last step.

    Loss: mean squared error, 1/6 for the constant 1. Score: R2 = 1 - MSE / (1/6); solved at .95 (MSE .0083).
    Definition: Bai, Kolter, Koltun 2018, after Hochreiter and Schmidhuber 1997 (whose own form differs).
    Example (T=4): values .2 .7 .5 .1, marks 0 1 0 1 -> .8.
    """

    name = "adding"
    readout = "last"
    inputs, outputs = 2, 1
    metric = Metric("r2", 0.0, "mean", 0.95)
    chance_loss = _VARIANCE

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        x = torch.zeros(self.length, n, 2)
        x[..., 0] = torch.rand(self.length, n, generator=generator)
        first = torch.randint(self.length, (n,), generator=generator)
        second = (first + 1 + torch.randint(self.length - 1, (n,), generator=generator)) % self.length
        column = torch.arange(n)
        x[first, column, 1] = 1.0
        x[second, column, 1] = 1.0
        y = (x[..., 0] * x[..., 1]).sum(dim=0).unsqueeze(1)
        return Batch(x, y, key_positions=torch.stack([first, second], dim=1))

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Mean squared error."""
        return squared_errors(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        """R2 against the constant 1, whose expected error is 1/6."""
        return 1.0 - (output - batch.y).double().square().mean().item() / _VARIANCE

    def rmse(self, output: Tensor, batch: Batch) -> float:
        """In units of the values to be added."""
        return (output - batch.y).double().square().mean().sqrt().item()

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The answer itself."""
        return output.squeeze(1)
