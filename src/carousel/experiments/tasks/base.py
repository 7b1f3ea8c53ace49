"""The contract of a task: where sequences come from, what is asked of a network, and how it is scored.

A built-in task draws fresh training sequences for ever; a user's file (`carousel.data`) draws from its
training part. Both are a `Task`, so training, flow, claims and report know no difference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor

Part = Literal["training", "validation", "test"]
"""The names of a task's parts."""

AT_ONCE = 2**14
"""Steps, padding included, that a network takes in one call when it is scored: some 25 MB of states and gates, which
the kernel's pool keeps. What exceeds the pool is fresh pages each time, and they cost more than the arithmetic."""


class Batch(NamedTuple):
    """Sequences and what is asked about them. Time first; B sequences padded to a common T.

    x: [T, B, I] float; padded steps must not matter.
    y: the targets: [B] class numbers, [B, O] values, or [T, B] / [T, B, O] for one target a step; a negative class
        number where a step is not asked.
    lengths: [B] true lengths (int64), or None where all are T.
    key_positions: [B, K] steps that hold what must be remembered, or None where unknown.
    """

    x: Tensor
    y: Tensor
    lengths: Tensor | None = None
    key_positions: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same batch there."""
        return Batch(*(None if t is None else t.to(device) for t in self))  # type: ignore[arg-type]

    def as_population(self, networks: int) -> Batch:
        """The same batch for each of P networks: views, the population's axis first."""
        return Batch(*(None if t is None else t.expand(networks, *t.shape) for t in self))  # type: ignore[arg-type]


class Metric(NamedTuple):
    """How a task is scored. A score is always better when higher.

    name: "accuracy", "r2" or "log_likelihood" (key of the catalogue).
    chance: the score of the baseline; `baseline` names it ("majority", "mean", "persistence", "memoryless").
    solved_threshold: the score from which a trial counts as solved; None where the source has none.
    """

    name: str
    chance: float
    baseline: str
    solved_threshold: float | None


class Task(ABC):
    """A source of sequences with a loss and a score.

    Attributes every task sets: `inputs` (channels I), `outputs` (numbers O the readout gives a step),
    `length` (the longest T), `readout` ("last": one answer a sequence; "every": one a step), `metric`,
    `chance_loss` (training loss, in the loss's own unit, of a network that learned nothing but the base rate).
    """

    name: ClassVar[str]
    checked: ClassVar[int] = 256  # sequences of the validation part that each check in training looks at
    most_of_training: ClassVar[int | None] = None  # sequences that the training score is of, where the part has more
    inputs: int
    outputs: int
    length: int
    readout: Literal["last", "every"]
    metric: Metric
    chance_loss: float

    @abstractmethod
    def sample(self, generator: torch.Generator, n: int) -> Batch:
        """Draw `n` training sequences."""

    @abstractmethod
    def held_out(self, part: Part, n: int | None = None) -> Batch:
        """The fixed sequences of a part, the same at each call; at most `n` of them where given."""

    def batches(self, part: Part, n: int | None = None) -> Iterator[Batch]:
        """The same sequences in batches that leave memory bounded, where a part may be large; else in one."""
        yield self.held_out(part, n)

    @abstractmethod
    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """[P]: the training loss of each of P networks, from their readouts' outputs [P, B, O] ("last") or
        [P, T, B, O] ("every") and a batch with the same first axis."""

    def loss(self, output: Tensor, batch: Batch) -> Tensor:
        """Scalar: the loss of one network, from [B, O] or [T, B, O]."""
        return self.losses(output.unsqueeze(0), batch.as_population(1))[0]

    @abstractmethod
    def score(self, output: Tensor, batch: Batch) -> float:
        """The metric of the output; padded steps never count."""

    @abstractmethod
    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """[B]: the one number a sequence whose gradient is followed through time.

        The logit of the right class, not the loss: a confident softmax has a small loss gradient everywhere
        and would look like vanishing. For values, the (summed) output itself. For "every", at the last true step.
        """

    def of_seed(self, seed: int) -> Task:
        """The task of a trial with that seed: itself, unless what is to be learned is drawn by the seed."""
        return self

    def rmse(self, output: Tensor, batch: Batch) -> float | None:
        """Root mean squared error in the target's own unit; None where no values are predicted."""
        return None
