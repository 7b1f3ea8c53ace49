"""How many trials of one shape a worker trains at once: as many as leave the memory of a pass near the processor."""

from __future__ import annotations

from typing import Any

from carousel.common.names import TRANSFORMER
from carousel.experiments.data import DataTask
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.training.description import Trial
from carousel.nn.cells import CELLS

LEAST, _MOST = 4, 32  # beyond 32 nothing is gained: what a step costs whatever its size is then a few percent of it
_NEAR = 12 * 2**20  # bytes of states and gates that stay near a core until the backward pass (docs/kernels.md)
_BYTES = 384 * 2**20  # that a group may take at most, of which a worker may hold as much again while it measures
_NUMBER = 4  # bytes: every contender trains in float32


def most_together(description: dict[str, Any], sources: Sources) -> int:
    """1 for what is no training, and for a Transformer, whose networks train in turn anyway."""
    if description["kind"] != "trial":
        return 1
    trial = Trial.model_validate(description)
    if trial.contender.cell == TRANSFORMER:
        return 1
    task = sources.task(trial.source, trial.length)
    cell = CELLS[trial.contender.cell]
    # of each step: its input twice, the gates, the states, and the derivative of the output
    numbers = 2 * task.inputs + trial.contender.layers * trial.contender.hidden * (len(cell.blocks) + 4)
    if task.readout == "every":
        numbers += 6 * task.outputs  # logits, their normalised form and both derivatives
    each = task.length * trial.training.batch_size * numbers * _NUMBER
    passing = max(LEAST, _NEAR // each)
    if trial.split is not None and isinstance(task, DataTask):
        each += 2 * task.bytes_of_data  # a split of its own: as it was prepared, and as a task
    return max(1, min(passing, _MOST, _BYTES // each))
