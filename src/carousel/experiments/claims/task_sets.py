"""Which built-in task is of which kind: families that claim 6 counts, the mirror set of claim 7, what claim 4 probes.

By name, since a run folder is judged where the tasks themselves (which need torch) may not be at hand. A source that
is not named here stands for a family of its own.
"""

from __future__ import annotations

CAPACITY = "capacity"  # tables to be memorised: nothing is asked that was not seen in training
FAMILY_OF_TASK = {
    "delayed-recall": "recall",
    "random-recall": "recall",
    "copy-memory": "recall",
    "mqar": "recall",
    "temporal-order": "order",
    "adding": "sums",
    "time-scales": "sums",
    "parity": "groups",
    "modular-counting": "groups",
    "permutations": "groups",
    "nested-brackets": "grammars",
    "anbn": "grammars",
    "random-labels": CAPACITY,
}
KEYED = frozenset({"random-recall"})  # one key at a random step among distractors: what the gate probe needs
MIRROR = frozenset({"parity", "modular-counting", "permutations", "anbn"})  # where recurrence should win


def family_of(source: str) -> str:
    """The family of tasks that a source belongs to."""
    return FAMILY_OF_TASK.get(source, source)
