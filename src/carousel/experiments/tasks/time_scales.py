"""Time scales: several moving averages of one noise, some fast, some slow, added up."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.losses import squared_errors
from carousel.experiments.tasks.synthetic import SyntheticTask

SCALES = (2, 8, 32)  # steps


@final
class TimeScales(SyntheticTask):
    """Numbers N(0, 1); at every step, the sum of their exponential moving averages over 2, 8 and 32 steps.

    An average over s steps: e_t = (1 - 1/s) e_{t-1} + x_t / s, from 0, scaled to deviation 1 in the long run, so that
    each counts as much; their sum is scaled likewise. Carousel's own task. Loss: mean squared error; that of always
    answering 0 is known exactly for each T. Score: R2 = 1 - MSE / that. Solved at .995, not .95: the best two of the
    averages reach .990 alone at T=30 and .980 at T=100 (but .999 at T=10, which tells the slow ones hardly apart).
    A longer sequence asks for the same function; only the slow averages have more time to fill.
    Example (T=3): `1 0 -2` -> `.61 .42 -.90`.
    """

    name = "time-scales"
    readout = "every"
    inputs, outputs = 1, 1
    metric = Metric("r2", 0.0, "mean", 0.995)

    def __init__(self, length: int):
        super().__init__(length)
        lags = torch.arange(length).unsqueeze(1) - torch.arange(length)
        self._weights_TT = _kernel(length)[lags.clamp(min=0)].tril()
        self.chance_loss = self._weights_TT.square().sum(dim=1).mean().item()

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        x = torch.randn(self.length, n, 1, generator=generator)
        y = torch.einsum("ts,sbi->tbi", self._weights_TT, x.double()).float()
        return Batch(x, y)

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Mean squared error over all steps."""
        return squared_errors(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        """R2 against the constant 0, whose expected error is `chance_loss`."""
        return 1.0 - (output - batch.y).double().square().mean().item() / self.chance_loss

    def rmse(self, output: Tensor, batch: Batch) -> float:
        """In units of the target's deviation in the long run."""
        return (output - batch.y).double().square().mean().sqrt().item()

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The answer at the last step."""
        return output[-1].squeeze(1)


def _kernel(length: int) -> Tensor:
    """[T] float64: weight of the input k steps ago; each average is scaled to deviation 1, the sum to 1 as well."""
    rate = 1 / torch.tensor(SCALES, dtype=torch.float64)
    scaled = (rate * (2 - rate)).sqrt()  # an average of unit noise has variance rate / (2 - rate)
    shared = scaled.outer(scaled) / (1 - (1 - rate).outer(1 - rate))
    lags = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    return (scaled * (1 - rate) ** lags).sum(dim=1) / shared.sum().sqrt()
