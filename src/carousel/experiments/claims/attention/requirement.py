"""What claim 7 needs: a Transformer and recurrent networks, on tasks where it may win and on its mirror set."""

from __future__ import annotations

from carousel.experiments.runner.requirement import DEEP_PARAMETERS, FROM_STANDARD, Requirement, TaskRequirement

MIRROR = frozenset({"parity", "modular-counting", "permutations", "anbn"})  # where recurrence should win
_BESIDE = "rnn:orthogonal,lstm:chrono,gru,transformer"

REQUIREMENT = Requirement(
    claim="attention",
    tasks=(
        TaskRequirement("permutations", "lstm:forget-bias-1,gru,transformer", (30,), DEEP_PARAMETERS, FROM_STANDARD),
        TaskRequirement("mqar", _BESIDE, (30,), budgets=FROM_STANDARD),
        TaskRequirement("copy-memory", _BESIDE, (30,), budgets=FROM_STANDARD),
        TaskRequirement("modular-counting", _BESIDE, (30,), budgets=FROM_STANDARD),
        TaskRequirement("anbn", _BESIDE, (30,), budgets=FROM_STANDARD),
    ),
    file_contenders=_BESIDE,
)
