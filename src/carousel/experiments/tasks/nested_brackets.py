"""Nested brackets: which closing bracket fits next?"""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.common.errors import BadPlan
from carousel.experiments.tasks.base import Batch, Metric
from carousel.experiments.tasks.every_step import EveryStepClassification
from carousel.experiments.tasks.symbols import encode, integers

KINDS, DEPTH = 4, 4


@final
class NestedBrackets(EveryStepClassification):
    """Brackets of 4 kinds nested at most `depth` deep; after every step, name the kind that must be closed next.

    Dyck-(k, m) of Hewitt et al. 2020, k=4, m=`depth`, as prefixes of T steps: opening and closing are equally likely
    where both are allowed, kinds are drawn uniformly, and the first bracket stays open, so that every step has an
    answer. After an opening bracket the answer is what was just read; so the score counts only the steps after a
    closing bracket, where the enclosing bracket must be remembered. Chance 1/4. A longer sequence has the same depth
    and longer distances between a bracket and what it encloses.
    Example (T=6): `( [ { } ] <` -> `) ] } ] ) >`, of which the fourth and fifth are scored.
    """

    name = "nested-brackets"
    shortest = 2 * DEPTH
    inputs, outputs = 2 * KINDS, KINDS
    metric = Metric("accuracy", 1 / KINDS, "memoryless", 0.95)
    chance_loss = math.log(KINDS)

    def __init__(self, length: int, depth: int = DEPTH):
        super().__init__(length)
        if not 2 <= depth <= length // 2:
            raise BadPlan(
                f"brackets cannot be nested so in {length} steps",
                allowed=f"depth 2 to {length // 2}",
                got=f"depth {depth}",
                fix=f"a depth within these bounds, or a length of at least {2 * depth}",
            )
        self.depth = depth

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        depths = self._depths(generator, n)
        opens = torch.ones(self.length, n, dtype=torch.bool)
        opens[1:] = depths[1:] > depths[:-1]
        innermost = _innermost(depths, opens, self.depth)
        y = integers(KINDS, (self.length, n), generator).gather(0, innermost)
        symbols = y.clone()
        symbols[1:] = torch.where(opens[1:], y[1:], y[:-1] + KINDS)
        return Batch(encode(symbols, self.inputs), y, key_positions=innermost[-1:].T)

    def scored(self, batch: Batch) -> Tensor:
        """Steps at which a bracket was closed."""
        return batch.x[..., KINDS:].sum(dim=-1) > 0

    def _depths(self, generator: torch.Generator, n: int) -> Tensor:
        """[T, B] open brackets after each step: a free walk of steps +-1, folded into 1..depth.

        Folding makes it turn at both ends and leaves it a fair coin between them, without a loop over time.
        """
        moves = 2 * integers(2, (self.length, n), generator) - 1
        moves[0] = 0
        period = 2 * (self.depth - 1)
        walk = moves.cumsum(dim=0) % period
        return 1 + torch.minimum(walk, period - walk)


def _innermost(depths_TB: Tensor, opens_TB: Tensor, deepest: int) -> Tensor:
    """[T, B] the step that opened the innermost bracket still open: the latest that opened at the depth of now."""
    steps = torch.arange(len(depths_TB)).unsqueeze(1)
    levels = torch.arange(1, deepest + 1).view(-1, 1, 1)
    latest = torch.where(opens_TB & (depths_TB == levels), steps, -1).cummax(dim=1).values
    return latest.gather(0, depths_TB.unsqueeze(0) - 1).squeeze(0)
