"""Sizes from a parameter budget, equal among the contenders within 2 %.

One hidden unit more changes an LSTM of 6,600 parameters by 5 %, so the nearest size alone can miss by 2.5 %.
Therefore the common target is looked for near the budget, at which all contenders are equal within 2 %.

A Transformer's width D is a multiple of 4 (two heads of an even number of channels), which at 6,600 parameters is a
step of 30 %. So D is chosen for the usual MLP of 4 D units, and the width of the MLP then closes the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from carousel.common.errors import BadPlan
from carousel.common.names import TRANSFORMER
from carousel.experiments.contenders.attention import WIDTH_STEP
from carousel.experiments.contenders.sizes import Size, count_transformer
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.nn.cells import CELLS

TOLERANCE = 0.02  # CLAIMS, "Fairness"
_SEARCH = 0.02  # how far the common target may lie from the budget asked for
_FARTHEST = 0.05  # a contender farther than this from the budget is not what was asked for
_LARGEST = 65_536


def count_parameters(spec: ContenderSpec, inputs: int, size: Size, outputs: int) -> int:
    """Trainable parameters of the stack and its readout; of torch's two biases one counts."""
    if spec.cell == TRANSFORMER:
        return count_transformer(size, spec.layers, inputs, outputs)
    cell, hidden = CELLS[spec.cell], size.hidden
    widths = [inputs] + [hidden] * (spec.layers - 1)
    return sum(cell.count_parameters(width, hidden) for width in widths) + (hidden + 1) * outputs


def nearest_size(spec: ContenderSpec, inputs: int, outputs: int, budget: float, length: int) -> Size:
    """The size whose parameter count lies nearest to the budget. `length`: the longest T, which learned positions must
    reach."""

    def count(size: Size) -> int:
        return count_parameters(spec, inputs, size, outputs)

    if spec.cell != TRANSFORMER:
        return Size(_nearest(lambda hidden: count(Size(hidden)), budget))
    rows = length if spec.init == "learned" else None
    step = WIDTH_STEP
    width = step * _nearest(lambda k: count(Size(step * k, 4 * step * k, rows)), budget)
    return Size(width, _nearest(lambda mlp: count(Size(width, mlp, rows)), budget), rows)


def _nearest(count: Callable[[int], int], budget: float) -> int:
    """The number from 1 on whose count, which grows with it, lies nearest to the budget."""
    low, high = 1, _LARGEST
    while low < high:  # the largest not above the budget
        middle = (low + high + 1) // 2
        if count(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return min((low, low + 1), key=lambda n: abs(count(n) - budget))


def match_sizes(specs: Sequence[ContenderSpec], inputs: int, outputs: int, budget: int, length: int) -> list[Size]:
    """A size for each contender: parameters within 2 % of each other, and as near to the budget as that allows.
    `length`: the longest T of the plan.

    Raises BadPlan where no such sizes exist (small budgets), naming the nearest spread.
    """
    targets = [budget * (1 + _SEARCH * step / 40) for step in range(-40, 41)]
    found = [[nearest_size(spec, inputs, outputs, target, length) for spec in specs] for target in targets]
    counts = [[count_parameters(s, inputs, n, outputs) for s, n in zip(specs, sizes, strict=True)] for sizes in found]
    fair = [k for k, each in enumerate(counts) if max(each) <= min(each) * (1 + TOLERANCE)]
    if not fair:
        spread = min(max(each) / min(each) - 1 for each in counts)
        raise BadPlan(
            f"no sizes give these contenders equal parameters within {TOLERANCE:.0%}",
            got=f"--parameters {budget}, {inputs} inputs, {outputs} outputs: {spread:.1%} apart at best",
            fix="raise --parameters, or name fewer contenders",
        )
    best = min(fair, key=lambda k: (max(abs(count / budget - 1) for count in counts[k]), abs(targets[k] - budget)))
    off = max(abs(count / budget - 1) for count in counts[best])
    if off > _FARTHEST:
        raise BadPlan(
            f"a budget of {budget} parameters cannot be met",
            got=f"{inputs} inputs, {outputs} outputs: {off:.0%} off at best",
            fix="raise --parameters",
        )
    return found[best]
