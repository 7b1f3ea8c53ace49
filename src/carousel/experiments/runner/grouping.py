"""How many trials of one shape a worker trains at once: enough to share what a step costs whatever its size."""

from __future__ import annotations

from typing import Any

from carousel.common.errors import FolderConflict
from carousel.common.names import TRANSFORMER
from carousel.experiments.data import DataTask
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender, Trial
from carousel.nn.cells import CELLS

_LEAST, _MOST = 4, 32  # beyond 32 nothing is gained: what a step costs whatever its size is then a few percent of it
_SHARING = 64 * 2**20  # bytes of states and gates: beyond, little is left to share (docs/populations.md)
_BYTES = 384 * 2**20  # that a group may take at most, of which a worker may hold as much again while it measures
_MOST_ON_CARD = 64  # a program of the kernel takes 16 sequences: 64 networks of 32 are as many as a card has processors
_BYTES_ON_CARD = 2**32  # of states, gates and their derivatives; where a card has less, a group is halved
_NUMBER = 4  # bytes: every contender trains in float32


def most_to_claim(first: Entry, sources: Sources, on_card: bool = False) -> int:
    """How many jobs to claim with a pending one, itself included. on_card: they train on a GPU. A job whose task
    cannot even be made is claimed alone: doing it raises the same, and fails it with the reason. Raises FolderConflict.
    """
    try:
        return most_together(first.description, sources, on_card)
    except FolderConflict:
        raise
    except Exception:
        return 1


def most_together(description: dict[str, Any], sources: Sources, on_card: bool = False) -> int:
    """Of a job; 1 for what is no training."""
    if description["kind"] != "trial":
        return 1
    trial = Trial.model_validate(description)
    task = sources.task(trial.source, trial.length)
    each = 0
    if trial.split is not None and isinstance(task, DataTask):
        each = 2 * task.bytes_of_data  # a split of its own: as it was prepared, and as a task
    return networks_together(trial.contender, task, trial.training.batch_size, each, on_card)


def networks_together(contender: Contender, task: Task, batch_size: int, each: int = 0, on_card: bool = False) -> int:
    """Of one shape; 1 for a Transformer, whose networks train in turn anyway. each: bytes of a network besides."""
    if contender.cell == TRANSFORMER:
        return 1
    cell = CELLS[contender.cell]
    # of each step: its input twice, the gates, the states, and the derivative of the output
    numbers = 2 * task.inputs + contender.layers * contender.hidden * (len(cell.blocks) + 4)
    if task.readout == "every":
        numbers += 6 * task.outputs  # logits, their normalised form and both derivatives
    passing = task.length * batch_size * numbers * _NUMBER
    if on_card:
        return max(1, min(_MOST_ON_CARD, _BYTES_ON_CARD // (2 * passing)))  # once more for the derivatives
    return max(1, min(max(_LEAST, _SHARING // passing), _MOST, _BYTES // (passing + each)))
