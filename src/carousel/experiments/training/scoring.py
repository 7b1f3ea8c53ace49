"""A network on a part of a task, batch by batch, and what its score needs of it: memory does not grow with the part."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import torch
from torch import Tensor

from carousel.experiments.contenders.base import Network
from carousel.experiments.data.task.objectives.base import at_last_step, true_steps
from carousel.experiments.tasks.base import Batch, Task


def run_on(network: Network, task: Task, batches: Iterable[Batch]) -> tuple[Tensor, Batch]:
    """The outputs on a part that comes in `batches`, and the part as one batch. One batch stays as it is. Of several,
    only what losses and scores look at is kept: each sequence's last step, or, where every step is asked for, the true
    steps of one sequence after the other."""
    needed = _last_steps if task.readout == "last" else _true_steps
    coming = iter(batches)
    first, second = next(coming), next(coming, None)
    with torch.no_grad():
        if second is None:
            return network(first.x, first.lengths), first
        parts = [needed(network(batch.x, batch.lengths), batch) for batch in chain((first, second), coming)]
    along = 0 if task.readout == "every" else 1
    outputs = torch.cat([output for output, _ in parts])
    x = torch.cat([batch.x for _, batch in parts], dim=along)
    return outputs, Batch(x, torch.cat([batch.y for _, batch in parts]))


def evaluate(network: Network, task: Task, batches: Iterable[Batch]) -> float:
    """The task's score of the network on a part that comes in `batches`."""
    return task.score(*run_on(network, task, batches))


def _last_steps(output_BO: Tensor, batch: Batch) -> tuple[Tensor, Batch]:
    return output_BO, Batch(at_last_step(batch.x, batch)[None], batch.y)


def _true_steps(output_TBO: Tensor, batch: Batch) -> tuple[Tensor, Batch]:
    (true_BT,) = true_steps(batch.as_population(1)).transpose(1, 2)
    found = (values.transpose(0, 1)[true_BT].unsqueeze(1) for values in (output_TBO, batch.x, batch.y))
    output, x, y = found
    return output, Batch(x, y)
