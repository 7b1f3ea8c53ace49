"""What tasks of classification at many steps share: cross entropy and accuracy over the steps where something is asked.

`y` is [T, B]; where nothing is asked, padding included, it holds NOT_ASKED.
"""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.shapes import at_last_step
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.losses import NOT_ASKED, cross_entropies
from carousel.experiments.tasks.synthetic import SyntheticTask


class EveryStepClassification(SyntheticTask):
    """One class at each step that asks for one; a sequence's last true step always does. Solved: .95 right."""

    readout = "every"

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Cross entropy in nats, the mean over all steps that ask."""
        return cross_entropies(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        """Share of the scored steps whose class is right."""
        right = output.argmax(dim=-1) == batch.y
        return right[self.scored(batch)].double().mean().item()

    def scored(self, batch: Batch) -> Tensor:
        """[T, B] bool: the steps that count in the score; all that ask, unless the task says otherwise."""
        return batch.y != NOT_ASKED

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The logit of the right class at the last true step."""
        y = at_last_step(batch.y, batch.lengths)
        return at_last_step(output, batch.lengths).gather(1, y.unsqueeze(1)).squeeze(1)


def not_asked(steps: int, n: int) -> Tensor:
    """[T, B] targets that ask for nothing yet."""
    return torch.full((steps, n), NOT_ASKED)
