"""What claim 5 needs: an RNN and an LSTM on three tasks, each with a training set of three sizes; and endless tasks, on
which it shows who is solved in fewer steps.

The sizes were chosen by a pilot on tuning seeds (docs/claims.md): at the middle one neither family is perfect or at
chance. `WIDTHS`: one of these sets again, for networks with a quarter and with four times the parameters.
"""

from __future__ import annotations

from carousel.experiments.runner.requirement import FROM_STANDARD, KEEPERS, Requirement, TaskRequirement

_LENGTH = (30,)
_SIZES = {"delayed-recall": (8, 32, 128), "random-recall": (16, 64, 256), "temporal-order": (4, 16, 64)}
_NARROW, _WIDE = 1650, 26_400  # parameters: a quarter of the usual number, and four times as many


def _fixed(task: str, sequences: int, parameters: int | None = None, label: str | None = None) -> TaskRequirement:
    return TaskRequirement(task, KEEPERS, _LENGTH, parameters, FROM_STANDARD, sequences, label)


_OTHER_WIDTHS = (
    _fixed("delayed-recall", 32, _NARROW, "delayed-recall-32-narrow"),
    _fixed("delayed-recall", 32, _WIDE, "delayed-recall-32-wide"),
)
WIDTHS = frozenset(each.name for each in _OTHER_WIDTHS)  # shown, and not judged

REQUIREMENT = Requirement(
    claim="generalisation",
    tasks=(
        TaskRequirement("delayed-recall", budgets=FROM_STANDARD),
        TaskRequirement("adding", budgets=FROM_STANDARD),
        TaskRequirement("random-recall", KEEPERS, _LENGTH, budgets=FROM_STANDARD),
        *(_fixed(task, sequences) for task, sizes in _SIZES.items() for sequences in sizes),
        *_OTHER_WIDTHS,
    ),
)
