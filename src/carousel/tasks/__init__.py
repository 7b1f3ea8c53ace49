"""Built-in tasks, and the contract that a user's file fulfils too. `TASKS` is the public list."""

from __future__ import annotations

from carousel.errors import UnknownName
from carousel.tasks.adding import Adding
from carousel.tasks.anbn import AnBn
from carousel.tasks.base import Batch, Metric, Part, Task
from carousel.tasks.copy_memory import CopyMemory
from carousel.tasks.modular_counting import ModularCounting
from carousel.tasks.mqar import MultiQueryRecall
from carousel.tasks.nested_brackets import NestedBrackets
from carousel.tasks.parity import Parity
from carousel.tasks.permutations import Permutations
from carousel.tasks.random_labels import RandomLabels
from carousel.tasks.recall import DelayedRecall, RandomRecall
from carousel.tasks.synthetic import SyntheticTask
from carousel.tasks.temporal_order import TemporalOrder2, TemporalOrder3
from carousel.tasks.time_scales import TimeScales

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


def task(name: str, length: int) -> SyntheticTask:
    """The built-in task of that name at length T. Raises UnknownName, BadPlan (length)."""
    if name not in TASKS:
        raise UnknownName("task", name, TASKS, cure="see `carousel tasks`")
    return TASKS[name](length)


__all__ = ["TASKS", "Batch", "Metric", "Part", "SyntheticTask", "Task", "task"]
