"""Values: one number a sequence, or the next values of a series; squared error, R², RMSE in the file's unit."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.baseline import r2
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.task.difficulty import difficulty
from carousel.experiments.data.task.objectives.base import Objective, at_last_step
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.losses import squared_errors


class _Values(Objective):
    """y: [B, O] scaled. The loss is the mean squared error of scaled values; that of the baseline is 1."""

    def __init__(self, prepared: Prepared):
        super().__init__(prepared)
        self.outputs = prepared.y.shape[1]
        self._y = torch.tensor(prepared.y)

    def targets(self, rows: Tensor, index_TB: Tensor) -> Tensor:
        return self._y[rows]

    def losses(self, output: Tensor, batch: Batch) -> Tensor:
        return squared_errors(output, batch.y)

    def target_logit(self, output: Tensor, batch: Batch) -> Tensor:
        return output.sum(dim=1)

    def errors(self, output: Tensor, batch: Batch) -> Floats:
        """Outputs are steps ahead x columns, the columns of a step side by side."""
        unit = np.resize(self.prepared.y_std, self.outputs)
        return np.abs(_array(output) - _array(batch.y)) * unit


@final
class Regression(_Values):
    """Scaled by mean and deviation of the training targets."""

    def score(self, output: Tensor, batch: Batch) -> float:
        """R² (free of unit). NaN where the batch's targets do not differ."""
        return r2(_array(batch.y), _array(output))

    def values(self, answer: Tensor, batch: Batch) -> Floats:
        return _array(answer) * self.prepared.y_std + self.prepared.y_mean

    def rmse(self, output: Tensor, batch: Batch) -> float:
        error = (_array(output) - _array(batch.y)) * self.prepared.y_std
        return float(np.sqrt((error**2).mean()))


@final
class Forecast(_Values):
    """Outputs are horizon x columns changes from the last value seen; all 0 is the persistence forecast."""

    def score(self, output: Tensor, batch: Batch) -> float:
        """R² of the values themselves, the mean over columns. NaN where a column does not vary in the batch."""
        last = self._last(batch)
        return r2(self._values(_array(batch.y), last), self._values(_array(output), last))

    def values(self, answer: Tensor, batch: Batch) -> Floats:
        """Outputs as those of `errors`."""
        columns, unit = self.prepared.y_channels, self.prepared.y_std
        from_mean = self._values(_array(answer), self._last(batch)) * unit + self.prepared.mean[columns]
        return from_mean.reshape(len(answer), -1)

    def difficulty(self, batch: Batch) -> Floats:
        return difficulty(_array(batch.x), self.prepared)

    def rmse(self, output: Tensor, batch: Batch) -> float | None:
        """None for several columns, and series of units of their own: they have no unit in common."""
        if len(self.prepared.y_channels) > 1 or self.prepared.own is not None:
            return None
        error = (_array(output) - _array(batch.y)) * self.prepared.y_std
        return float(np.sqrt((error**2).mean()))

    def _last(self, batch: Batch) -> Floats:
        columns = self.prepared.y_channels
        seen = _array(at_last_step(batch.x, batch))[:, columns]
        return seen * self.prepared.std[columns] / self.prepared.y_std

    def _values(self, change: Floats, last: Floats) -> Floats:
        """[B x horizon, K] in units of y_std from the training mean: R² sees neither."""
        steps = change.reshape(len(change), -1, last.shape[1])
        return (last[:, None] + steps).reshape(-1, last.shape[1])


def _array(values: Tensor) -> Floats:
    return values.detach().cpu().double().numpy()
