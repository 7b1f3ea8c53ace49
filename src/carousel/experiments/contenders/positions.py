"""How a Transformer knows where a step stands: by rotation, or by a table of learned vectors."""

from __future__ import annotations

from typing import final

import torch
from torch import Generator, Tensor, nn

from carousel.common.errors import BadCall

#: The positions a Transformer may have, by the name after the colon; "default" are the rotary ones.
POSITIONS = ("default", "learned")
_BASE = 10_000.0
_SPREAD = 0.02


def rotate(x: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021) of queries or keys [..., T, D], D even: at step t the pair (x_i, x_{i+D/2}) is
    turned by t / 10,000^(2i/D). A product of query and key then depends on their distance alone, so any T runs."""
    steps, half = x.shape[-2], x.shape[-1] // 2
    frequency = _BASE ** -(torch.arange(half, dtype=x.dtype, device=x.device) / half)
    angle = torch.arange(steps, dtype=x.dtype, device=x.device).unsqueeze(1) * frequency
    first, second = x.chunk(2, dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


@final
class LearnedPositions(nn.Module):
    """A vector for each step, added to its embedding. `trained`: the longest sequence of training; the rows from there
    on, where the table has more, never got a gradient, so longer sequences are refused."""

    def __init__(self, rows: int, width: int, trained: int):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(rows, width))
        self.trained = min(rows, trained)

    def initialise(self, generator: Generator) -> None:
        """N(0, .02^2)."""
        self.table.data.normal_(0.0, _SPREAD, generator=generator)

    def forward(self, steps: int) -> Tensor:
        """[T, D]: the vectors of the first `steps` steps. Raises BadCall beyond those that were trained."""
        if steps > self.trained:
            raise BadCall(
                "the sequence is longer than the learned positions reach",
                allowed=f"at most {self.trained} steps, the longest of training",
                got=f"{steps} steps",
                fix="take `transformer`, whose rotary positions run at any length",
            )
        return self.table[:steps]
