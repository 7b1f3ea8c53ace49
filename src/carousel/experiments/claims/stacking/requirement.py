"""What claim 6 needs: LSTMs of one layer and of several with equal parameters, on several families of tasks.

On a file they are trained where the claim is named: depth in small numbers of parameters needs more of them, and every
run would take more than twice its time (Japanese Vowels and the standard budget: 10 to 26 minutes at most).
"""

from __future__ import annotations

from carousel.experiments.runner.requirement import (
    DEEP_PARAMETERS,
    DEPTHS,
    FROM_STANDARD,
    Requirement,
    TaskRequirement,
)

_CAPACITY_PARAMETERS = 1124  # of each depth, exactly; the table of random labels is too large for so few

REQUIREMENT = Requirement(
    claim="stacking",
    tasks=(
        TaskRequirement("nested-brackets", DEPTHS, (30,), DEEP_PARAMETERS, FROM_STANDARD),
        TaskRequirement("time-scales", DEPTHS, (30,), DEEP_PARAMETERS, FROM_STANDARD),
        TaskRequirement("random-labels", DEPTHS, (4,), _CAPACITY_PARAMETERS, FROM_STANDARD),
        TaskRequirement("permutations", DEPTHS, (30,), DEEP_PARAMETERS, FROM_STANDARD),
    ),
    memorised=True,
    file_contenders=DEPTHS,
)
