"""A prepared file as a `Task`: batches gathered from the stored steps, scored as the file's kind asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np
import torch
from torch import Tensor

from carousel.common.errors import BadPlan
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.baseline import baseline_of
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.task.objectives import OBJECTIVES
from carousel.experiments.tasks.base import AT_ONCE, Batch, Metric, Part, Task


@final
class DataTask(Task):
    """The user's file. history n > 0: only the last n steps of each sequence are seen; 0: all.

    Training sequences are drawn uniformly with replacement; a batch is padded with zeros to its longest.
    Example, two series of 2 and 3 steps: x [3, 2, C], y [2], lengths [2, 3]. BadPlan where history is negative.
    """

    most_of_training = 20_000  # half a million windows of one series tell no more, and cost minutes a trial

    def __init__(self, prepared: Prepared, history: int = 0):
        if history < 0:
            raise BadPlan("the history is too short", allowed="1 step or more, 0 for all", got=history)
        self._prepared = prepared
        self._objective = OBJECTIVES[prepared.kind](prepared)
        lengths = np.minimum(prepared.lengths, history) if history else prepared.lengths
        self._lengths = torch.tensor(lengths)
        self._starts = torch.tensor(prepared.starts + prepared.lengths - lengths)
        self._padding = len(prepared.x)
        self._x = torch.cat([torch.tensor(prepared.x), torch.zeros(1, prepared.x.shape[1])])
        self._training = torch.tensor(prepared.rows("training"))
        self.name = prepared.name  # type: ignore[misc]  # a ClassVar of built-in tasks; here one a file
        self.inputs, self.outputs = prepared.x.shape[1], self._objective.outputs
        self.length, self.readout = int(lengths.max()), self._objective.readout
        baseline = baseline_of(prepared, history)
        self.metric = Metric(baseline.metric, baseline.chance, baseline.name, solved_threshold=None)
        self.chance_loss = baseline.chance_loss

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        """`n` training sequences, uniform with replacement."""
        return self._batch(self._training[torch.randint(len(self._training), (n,), generator=generator)])

    def held_out(self, part: Part, n: int | None = None) -> Batch:
        """All sequences of a part; with `n`, as many at even distances, so that a sorted file shows every class."""
        return self._batch(self._rows(part, n))

    def batches(self, part: Part, n: int | None = None) -> Iterator[Batch]:
        """The same, as many sequences at once as come to `AT_ONCE` steps, padding included."""
        for rows in self._rows(part, n).split(max(1, AT_ONCE // self.length)):
            yield self._batch(rows)

    def _rows(self, part: Part, n: int | None) -> Tensor:
        rows = self._prepared.rows(part)
        if n is not None and n < len(rows):
            rows = rows[np.arange(n) * len(rows) // n]
        return torch.tensor(rows)

    def _batch(self, rows: Tensor) -> Batch:
        lengths = self._lengths[rows]
        steps = torch.arange(int(lengths.max()))[:, None]
        index = torch.where(steps < lengths, self._starts[rows] + steps, self._padding)
        y = self._objective.targets(rows, index)
        equal = bool((lengths == len(steps)).all())
        return Batch(self._x[index], y, None if equal else lengths)

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy, squared error of scaled values, or negative log-likelihood a frame."""
        return self._objective.losses(output, batch)

    def score(self, output: Tensor, batch: Batch) -> float:
        """Accuracy, R², or log-likelihood a frame; padded steps never count."""
        return self._objective.score(output, batch)

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        """[B]: the right class's logit, the sum of predicted values, or that of the keys that sound next."""
        return self._objective.target_logit(output, batch)

    @property
    def prepared(self) -> Prepared:
        """The file as it was prepared."""
        return self._prepared

    def errors(self, output: Tensor, batch: Batch) -> Floats | None:
        """[B, M]: how far each answer is off, in the file's units (of classes: 1 minus the right one's probability).
        None for piano rolls."""
        return self._objective.errors(output, batch)

    def values(self, answer: Tensor, batch: Batch) -> Floats | None:
        """[B, M] in the file's units: of an output what it answers, of the batch's y the truth (of classes their
        codes). None for piano rolls."""
        return self._objective.values(answer, batch)

    def difficulty(self, batch: Batch) -> Floats | None:
        """[B, M]: how hard the next values of each window are, in the file's units. None of other kinds."""
        return self._objective.difficulty(batch)

    @property
    def bytes_of_data(self) -> int:
        """What the steps of the file take in memory."""
        return self._x.nbytes

    def rmse(self, output: Tensor, batch: Batch) -> float | None:
        """Root mean square error in the target's own unit; None for classes, piano rolls and several columns."""
        return self._objective.rmse(output, batch)
