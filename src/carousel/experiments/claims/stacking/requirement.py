"""What claim 6 needs: LSTMs of one layer and of several with equal parameters, on several families of tasks.

Depth can only gain where one layer leaves room. With 20,000 parameters one layer solves brackets, time scales and
permutations in every training. The first two are left to the full budget. Permutations have so few parameters that one
layer does not always do, a size that was chosen by one layer alone, on seeds of its own (docs/claims.md).

On a file they are trained where the claim is named: depth in small numbers of parameters needs more of them, and every
run would take more than twice its time (Japanese Vowels and the standard budget: 10 to 26 minutes at most).
"""

from __future__ import annotations

from carousel.experiments.runner.requirement import (
    DEEP_PARAMETERS,
    DEPTHS,
    FROM_FULL,
    FROM_STANDARD,
    Requirement,
    TaskRequirement,
)

_CAPACITY_PARAMETERS = 1124  # of each depth, exactly; the table of random labels is too large for so few
_FEW_PARAMETERS, _TWO = 3500, "lstm:forget-bias-1,lstm:forget-bias-1,layers=2"  # four layers cannot be made equal there

REQUIREMENT = Requirement(
    claim="stacking",
    tasks=(
        TaskRequirement("nested-brackets", DEPTHS, (30,), DEEP_PARAMETERS, FROM_FULL),
        TaskRequirement("time-scales", DEPTHS, (30,), DEEP_PARAMETERS, FROM_FULL),
        TaskRequirement("random-labels", DEPTHS, (4,), _CAPACITY_PARAMETERS, FROM_STANDARD),
        TaskRequirement("permutations", _TWO, (30,), _FEW_PARAMETERS, FROM_STANDARD, label="permutations-narrow"),
    ),
    memorised=True,
    file_contenders=DEPTHS,
)
