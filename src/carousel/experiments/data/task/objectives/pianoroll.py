"""The next frame of a piano roll: 88 independent keys; nats a frame, over all frames of the batch."""

from __future__ import annotations

from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.task.objectives.base import Objective, at_last_step, true_steps
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.losses import frame_losses


@final
class PianoRoll(Objective):
    """Output: one logit a key and step. Loss: negative log-likelihood summed over keys, total over total frames."""

    readout: ClassVar[Literal["last", "every"]] = "every"

    def __init__(self, prepared: Prepared):
        super().__init__(prepared)
        self.outputs = prepared.x.shape[1]
        frames = torch.tensor(prepared.x)
        # y at a step is the frame after it; two rows of zeros: after the last frame, and after padding
        self._next = torch.cat([frames[1:], frames.new_zeros(2, self.outputs)])

    def targets(self, rows: Tensor, index_TB: Tensor) -> Tensor:
        return self._next[index_TB]

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        return frame_losses(output, batch.y, true_steps(batch))

    def score(self, output: Tensor, batch: Batch) -> float:
        return -float(self.losses(output.detach().double().unsqueeze(0), batch.as_population(1)))

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """The sum of the logits of the keys that sound next after the last true step; of all where none does."""
        logits, sounds = at_last_step(output, batch), at_last_step(batch.y, batch) > 0
        chosen = torch.where(sounds.any(dim=1, keepdim=True), sounds, True)
        return (logits * chosen).sum(dim=1)
