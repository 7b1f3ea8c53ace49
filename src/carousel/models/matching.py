"""Hidden sizes from a parameter budget, equal among the contenders within 2 %.

One hidden unit more changes an LSTM of 6,600 parameters by 5 %, so the nearest size alone can miss by 2.5 %.
Therefore the common target is looked for near the budget, at which all contenders are equal within 2 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from carousel.cells import CELLS
from carousel.errors import BadPlan
from carousel.models.contender import ContenderSpec

TOLERANCE = 0.02  # CLAIMS, "Fairness"
_SEARCH = 0.02  # how far the common target may lie from the budget asked for
_FARTHEST = 0.05  # a contender farther than this from the budget is not what was asked for
_LARGEST = 65_536


def count_parameters(spec: ContenderSpec, inputs: int, hidden: int, outputs: int) -> int:
    """Trainable parameters of the stack and its readout; of torch's two biases one counts."""
    cell = CELLS[spec.cell]
    widths = [inputs] + [hidden] * (spec.layers - 1)
    return sum(cell.count_parameters(width, hidden) for width in widths) + (hidden + 1) * outputs


def nearest_hidden(spec: ContenderSpec, inputs: int, outputs: int, budget: float) -> int:
    """The hidden size whose parameter count lies nearest to the budget (at least 1)."""
    low, high = 1, _LARGEST
    while low < high:  # the largest size not above the budget
        middle = (low + high + 1) // 2
        if count_parameters(spec, inputs, middle, outputs) <= budget:
            low = middle
        else:
            high = middle - 1
    return min((low, low + 1), key=lambda h: abs(count_parameters(spec, inputs, h, outputs) - budget))


def match_sizes(specs: Sequence[ContenderSpec], inputs: int, outputs: int, budget: int) -> list[int]:
    """A hidden size for each contender: parameters within 2 % of each other, and as near to the budget as that allows.

    Raises BadPlan where no such sizes exist (small budgets), naming the nearest spread.
    """
    targets = [budget * (1 + _SEARCH * step / 40) for step in range(-40, 41)]
    found = [[nearest_hidden(spec, inputs, outputs, target) for spec in specs] for target in targets]
    counts = [[count_parameters(s, inputs, h, outputs) for s, h in zip(specs, sizes, strict=True)] for sizes in found]
    fair = [k for k, each in enumerate(counts) if max(each) <= min(each) * (1 + TOLERANCE)]
    if not fair:
        spread = min(max(each) / min(each) - 1 for each in counts)
        raise BadPlan(
            f"no hidden sizes give these contenders equal parameters within {TOLERANCE:.0%}",
            got=f"--parameters {budget}, {inputs} inputs, {outputs} outputs: {spread:.1%} apart at best",
            cure="raise --parameters, or name fewer contenders",
        )
    best = min(fair, key=lambda k: (max(abs(count / budget - 1) for count in counts[k]), abs(targets[k] - budget)))
    off = max(abs(count / budget - 1) for count in counts[best])
    if off > _FARTHEST:
        raise BadPlan(
            f"a budget of {budget} parameters cannot be met",
            got=f"{inputs} inputs, {outputs} outputs: {off:.0%} off at best",
            cure="raise --parameters",
        )
    return found[best]
