"""One class a sequence: cross-entropy, accuracy."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.task.objectives.base import Objective
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.losses import cross_entropies


@final
class Classification(Objective):
    """Output: one logit a class. Loss in nats a sequence."""

    def __init__(self, prepared: Prepared):
        super().__init__(prepared)
        self.outputs = len(prepared.card["classes"] or ())
        self._codes = torch.tensor(prepared.y)

    def targets(self, rows: Tensor, index_TB: Tensor) -> Tensor:
        return self._codes[rows]

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        return cross_entropies(output, batch.y)

    def score(self, output: Tensor, batch: Batch) -> float:
        return float((output.argmax(dim=1) == batch.y).double().mean())

    def errors(self, output: Tensor, batch: Batch) -> Floats:
        right = output.double().softmax(dim=1).gather(1, batch.y[:, None])
        return (1 - right).cpu().numpy()

    def values(self, answer: Tensor, batch: Batch) -> Floats:
        codes = answer if answer.ndim == 1 else answer.argmax(dim=1)
        return codes.double().cpu().numpy()[:, None]

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        return output.gather(1, batch.y[:, None]).squeeze(1)
