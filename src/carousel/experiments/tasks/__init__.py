"""Built-in tasks, and the contract that a user's file fulfils too. `TASKS` is the public list."""

from __future__ import annotations

from carousel.common.errors import UnknownName
from carousel.experiments.tasks.adding import Adding
from carousel.experiments.tasks.anbn import AnBn
from carousel.experiments.tasks.base import Batch, Metric, Part, Task
from carousel.experiments.tasks.copy_memory import CopyMemory
from carousel.experiments.tasks.modular_counting import ModularCounting
from carousel.experiments.tasks.mqar import MultiQueryRecall
from carousel.experiments.tasks.nested_brackets import NestedBrackets
from carousel.experiments.tasks.parity import Parity
from carousel.experiments.tasks.permutations import Permutations
from carousel.experiments.tasks.random_labels import RandomLabels
from carousel.experiments.tasks.recall import DelayedRecall, RandomRecall
from carousel.experiments.tasks.synthetic import SyntheticTask
from carousel.experiments.tasks.temporal_order import TemporalOrder2, TemporalOrder3
from carousel.experiments.tasks.time_scales import TimeScales

TASKS: dict[str, type[SyntheticTask]] = {
    task.name: task
    for task in (
        DelayedRecall,
        RandomRecall,
        Adding,
        CopyMemory,
        TemporalOrder2,
        TemporalOrder3,
        Parity,
        ModularCounting,
        Permutations,
        AnBn,
        NestedBrackets,
        MultiQueryRecall,
        TimeScales,
        RandomLabels,
    )
}
"""The built-in tasks by name."""


def task(name: str, length: int) -> SyntheticTask:
    """The built-in task of that name at length T. Raises UnknownName, BadPlan (length)."""
    if name not in TASKS:
        raise UnknownName("task", name, TASKS, fix="see `carousel tasks`")
    return TASKS[name](length)


__all__ = ["TASKS", "Batch", "Metric", "Part", "SyntheticTask", "Task", "task"]
