"""The onset of chaos: the first scale of a Gaussian recurrent matrix at which the largest exponent is above 0.

Many networks are stepped at once (one for each gain and seed), since each alone is small.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call, jvp, stack_module_state, vmap

from carousel.cells import CELLS, Cell, State
from carousel.layers import initialise

GAINS = tuple(0.5 * 1.12**k for k in range(23))  # 0.5 .. 6.05
_INPUTS = 8
_WARMUP, _STEPS = 100, 300


class Onset(NamedTuple):
    """gain: interpolated where the exponent first crosses 0; None where it stays below up to the last gain tried.

    exponents: the largest exponent at each of GAINS, nats per step.
    """

    gain: float | None
    exponents: list[float]


def onset_gain(cell_name: str, hidden: int, seed: int) -> Onset:
    """Recurrent blocks N(0, gain^2 / H), all else torch's initialisation, inputs 8 channels of N(0, 1), `hidden`
    units."""
    generator = torch.Generator().manual_seed(seed)
    base = CELLS[cell_name](_INPUTS, hidden, dtype=torch.float64).requires_grad_(False)
    initialise(base, "default", generator, 1)
    gaussian = torch.randn(base.weight_hh.shape, generator=generator, dtype=torch.float64) / math.sqrt(hidden)
    x = torch.randn(_WARMUP + _STEPS, 1, _INPUTS, generator=generator, dtype=torch.float64)
    exponents = _exponents(base, gaussian, x, generator)
    return Onset(_first_crossing(exponents), exponents.tolist())


def _exponents(base: Cell, gaussian: Tensor, x: Tensor, generator: torch.Generator) -> Tensor:
    """[gains]: the largest exponent with the recurrent matrix scaled by each gain; same noise for all."""
    parameters, _ = stack_module_state([base] * len(GAINS))
    gains = torch.tensor(GAINS, dtype=torch.float64)
    parameters = {name: p.detach() for name, p in parameters.items()}
    parameters["weight_hh"] = gains.view(-1, 1, 1) * gaussian

    def step(weights: dict[str, Tensor], x_BI: Tensor, state: State) -> State:
        return functional_call(_OneStep(base), {f"cell.{k}": v for k, v in weights.items()}, (x_BI, state))

    def tangent_step(weights: dict[str, Tensor], x_BI: Tensor, s: State, q: State) -> tuple[State, State]:
        state, tangent = jvp(lambda *state: step(weights, x_BI, state), tuple(s), tuple(q))[:2]
        return state, tangent

    advance = vmap(tangent_step, in_dims=(0, None, 0, 0))
    state = tuple(torch.zeros(len(GAINS), 1, base.hidden_size, dtype=torch.float64) for _ in base.state_names)
    first = [torch.randn(1, base.hidden_size, generator=generator, dtype=torch.float64) for _ in state]
    q = tuple(f.expand(len(GAINS), 1, -1) for f in first)
    growth = []
    for x_BI in x:
        state, q = advance(parameters, x_BI, state, q)
        norm = torch.cat(list(q), dim=-1).norm(dim=-1, keepdim=True)
        growth.append(norm.log().flatten())
        q = tuple(field / norm for field in q)
    return torch.stack(growth[_WARMUP:]).mean(dim=0)


class _OneStep(torch.nn.Module):
    """A cell's step as a module call, which `functional_call` needs."""

    def __init__(self, cell: Cell):
        super().__init__()
        self.cell = cell

    def forward(self, x_BI: Tensor, state: State) -> State:
        return tuple(self.cell.step(self.cell.project(x_BI), state)[0])


def _first_crossing(exponents: Tensor) -> float | None:
    """Linear interpolation in the gain between the last exponent not above 0 and the first above."""
    above = (exponents > 0).nonzero()
    if not len(above):
        return None
    k = int(above[0])
    if k == 0:
        return GAINS[0]
    low, high = exponents[k - 1].item(), exponents[k].item()
    return GAINS[k - 1] + (GAINS[k] - GAINS[k - 1]) * -low / (high - low)
