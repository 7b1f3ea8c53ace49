"""Which built-in task is of which kind: the families that claim 6 counts, and the mirror set of claim 7.

By name, since a run folder is judged where the tasks themselves (which need torch) may not be at hand. A source that
is not named here stands for a family of its own.
"""

from __future__ import annotations

FAMILY_OF_TASK = {
    "delayed-recall": "recall",
    "copy-memory": "recall",
    "copying": "recall",
    "associative-recall": "recall",
    "temporal-order": "order",
    "adding": "sums",
    "multi-scale-sum": "sums",
    "parity": "groups",
    "modular-counting": "groups",
    "permutation-composition": "groups",
    "brackets": "grammars",
    "anbn": "grammars",
    "random-labels": "capacity",
}
MIRROR = frozenset({"parity", "modular-counting", "permutation-composition", "anbn"})  # where recurrence should win


def family_of(source: str) -> str:
    """The family of tasks that a source belongs to."""
    return FAMILY_OF_TASK.get(source, source)
