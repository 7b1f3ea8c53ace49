"""Copy memory: hold ten symbols over a blank stretch and write them out."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.losses import cross_entropies
from carousel.experiments.tasks.symbols import encode, integers
from carousel.experiments.tasks.synthetic import SyntheticTask

SYMBOLS, COPIED = 8, 10
_BLANK, _CUE = 0, 9


@final
class CopyMemory(SyntheticTask):
    """Ten symbols of 1..8, T-1 blanks, one cue (9), ten blanks; target: blanks, then the ten symbols at the end.

    `length` is T, the lag; sequences have T + 20 steps. The original definition, with one cue. Loss: cross entropy
    in nats
    averaged over all T + 20 steps; the best a memoryless network can do is 10 ln 8 / (T + 20). Score: accuracy over
    the ten symbols to be copied; chance 1/8, solved at .95.
    Example (3 symbols, T=3): `5 1 7 . . 9 . . .` -> `. . . . . . 5 1 7`.
    """

    name = "copy-memory"
    readout = "every"
    inputs, outputs = SYMBOLS + 2, SYMBOLS + 1
    metric = Metric("accuracy", 1 / SYMBOLS, "memoryless", 0.95)
    shortest = 1

    def __init__(self, length: int):
        super().__init__(length)
        self.chance_loss = COPIED * math.log(SYMBOLS) / (length + 2 * COPIED)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        steps = self.length + 2 * COPIED
        copied = integers(SYMBOLS + 1, (COPIED, n), generator, low=1)
        symbols = torch.full((steps, n), _BLANK)
        symbols[:COPIED] = copied
        symbols[COPIED + self.length - 1] = _CUE
        y = torch.full((steps, n), _BLANK)
        y[-COPIED:] = copied
        positions = torch.arange(COPIED).expand(n, COPIED)
        return Batch(encode(symbols, self.inputs), y, key_positions=positions)

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Cross entropy in nats, over all steps."""
        return cross_entropies(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        """Share of the copied symbols that are right."""
        right = output[-COPIED:].argmax(dim=-1) == batch.y[-COPIED:]
        return right.double().mean().item()

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The logit of the last symbol to be copied."""
        return output[-1].gather(1, batch.y[-1].unsqueeze(1)).squeeze(1)
