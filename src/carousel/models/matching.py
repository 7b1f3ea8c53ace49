"""Hidden sizes from a parameter budget, equal among the contenders within 2 %.

One hidden unit more changes an LSTM of 6,600 parameters by 5 %, so the nearest size alone can miss by 2.5 %. Therefore the
common target is looked for near the budget: the one at which the contenders lie closest together.
"""

from __future__ import annotations

from collections.abc import Sequence

from carousel.cells import CELLS
from carousel.errors import BadPlan
from carousel.models.contender import ContenderSpec

TOLERANCE = 0.02  # CLAIMS, "Fairness"
_SEARCH = 0.02  # how far the common target may lie from the budget asked for
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
    """A hidden size for each contender: parameters within 2 % of each other and of a target within 2 % of the budget.

    Raises BadPlan where no such sizes exist (small budgets), naming the nearest spread.
    """
    targets = [budget * (1 + _SEARCH * step / 40) for step in sorted(range(-40, 41), key=abs)]
    best = min(targets, key=lambda target: round(_miss(specs, inputs, outputs, target), 4))
    if _miss(specs, inputs, outputs, best) > TOLERANCE:
        raise BadPlan(
            f"no hidden sizes give these contenders equal parameters within {TOLERANCE:.0%}",
            got=f"--parameters {budget}, {inputs} inputs, {outputs} outputs: "
            f"{_miss(specs, inputs, outputs, best):.1%} apart at best",
            cure="raise --parameters, or name fewer contenders",
        )
    return [nearest_hidden(spec, inputs, outputs, best) for spec in specs]


def _miss(specs: Sequence[ContenderSpec], inputs: int, outputs: int, target: float) -> float:
    """Largest relative distance among the contenders and from the target."""
    counts = [count_parameters(s, inputs, nearest_hidden(s, inputs, outputs, target), outputs) for s in specs]
    return max(*counts, target) / min(*counts, target) - 1
