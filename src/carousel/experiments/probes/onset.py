"""The onset of chaos: the first scale of a Gaussian recurrent matrix at which the largest exponent is above `LIMIT`.

A disturbance that grows in proportion to time has an exponent of 0 in the limit, and one above 0 over any finite
stream; `LIMIT` is what it would show here. An LSTM of 1997 has no onset: its cell never forgets, so its exponent is 0
at every scale but the largest, and where an estimate of 0 crosses a limit is noise.

Many networks are stepped at once: the seeds side by side, and those of one seed, which differ in their gain alone, as
the rows of a batch. Scaling a recurrent matrix is scaling what it multiplies, so they share the matrix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call, jvp, vmap

from carousel.nn.cells import CELLS, Cell, State
from carousel.nn.initialisation import initialise

GAINS = tuple(0.5 * 1.12**k for k in range(23))  # 0.5 .. 6.05
_INPUTS = 8
_WARMUP, _STEPS = 100, 300
LIMIT = math.log((_WARMUP + _STEPS) / _WARMUP) / _STEPS  # nats per step
WITHOUT_ONSET = frozenset({"lstm-1997"})


class Onset(NamedTuple):
    """gain: interpolated where the exponent first crosses LIMIT; None where it stays below up to the last gain tried.

    exponents: the largest exponent at each of GAINS, nats per step.
    """

    gain: float | None
    exponents: list[float]


class _Drawn(NamedTuple):
    """What a seed decides: the parameters, the inputs [T, 1, I] and a first tangent [1, H] for each state."""

    parameters: dict[str, Tensor]
    x: Tensor
    tangents: list[Tensor]


def onset_gain(cell_name: str, hidden: int, seed: int) -> Onset:
    """Recurrent blocks N(0, gain^2 / H), all else torch's initialisation, inputs 8 channels of N(0, 1), `hidden`
    units."""
    return onset_gains(cell_name, hidden, (seed,))[0]


def onset_gains(cell_name: str, hidden: int, seeds: Sequence[int]) -> list[Onset]:
    """`onset_gain` of each seed, to the last bit, in little more time than one takes."""
    cell = CELLS[cell_name](_INPUTS, hidden, dtype=torch.float64).requires_grad_(False)
    found = _exponents(cell, [_drawn(cell, seed) for seed in seeds])
    return [Onset(_first_crossing(exponents), exponents.tolist()) for exponents in found]


def _drawn(cell: Cell, seed: int) -> _Drawn:
    """Of the cell only its shapes are used: it is initialised anew."""
    generator = torch.Generator().manual_seed(seed)
    initialise(cell, "default", generator, 1)
    gaussian = torch.randn(cell.weight_hh.shape, generator=generator, dtype=torch.float64) / math.sqrt(cell.hidden_size)
    x = torch.randn(_WARMUP + _STEPS, 1, _INPUTS, generator=generator, dtype=torch.float64)
    tangents = [torch.randn(1, cell.hidden_size, generator=generator, dtype=torch.float64) for _ in cell.state_names]
    parameters = {name: p.detach().clone() for name, p in cell.named_parameters()} | {"weight_hh": gaussian}
    return _Drawn(parameters, x, tangents)


def _exponents(cell: Cell, drawn: list[_Drawn]) -> list[Tensor]:
    """For each seed, [gains]: the largest exponent with the recurrent matrix scaled by each gain; same noise for
    all gains."""
    parameters = {name: torch.stack([each.parameters[name] for each in drawn]) for name in drawn[0].parameters}
    module = _OneStep(cell, torch.tensor(GAINS, dtype=torch.float64).unsqueeze(-1))

    def step(weights: dict[str, Tensor], x_BI: Tensor, state: State) -> State:
        return functional_call(module, {f"cell.{k}": v for k, v in weights.items()}, (x_BI, state))

    def tangent_step(weights: dict[str, Tensor], x_BI: Tensor, s: State, q: State) -> tuple[State, State]:
        state, tangent = jvp(lambda *state: step(weights, x_BI, state), tuple(s), tuple(q))[:2]
        return state, tangent

    advance = vmap(tangent_step)
    x = torch.stack([each.x for each in drawn], dim=1)
    first = [torch.stack(fields) for fields in zip(*(each.tangents for each in drawn), strict=True)]
    q = tuple(field.repeat(1, len(GAINS), 1) for field in first)  # [seeds, gains, H]
    state = tuple(torch.zeros_like(field) for field in q)
    growth = []
    for x_BI in x:
        state, q = advance(parameters, x_BI, state, q)
        norm = torch.cat(list(q), dim=-1).norm(dim=-1, keepdim=True)
        growth.append(norm.log().squeeze(-1))
        q = tuple(field / norm for field in q)
    # Each seed's mean by itself: the order of a sum depends on how many columns stand side by side.
    return [part.contiguous().mean(dim=0) for part in torch.stack(growth[_WARMUP:]).unbind(dim=1)]


class _OneStep(torch.nn.Module):
    """A cell's step as a module call, which `functional_call` needs. gains: [B, 1], by which each row of the batch has
    the recurrent matrix scaled: it takes the place of a dropout mask, which multiplies the same state."""

    def __init__(self, cell: Cell, gains: Tensor):
        super().__init__()
        self.cell, self._gains = cell, gains

    def forward(self, x_BI: Tensor, state: State) -> State:
        return tuple(self.cell.step(self.cell.project(x_BI), state, self._gains)[0])


def _first_crossing(exponents: Tensor) -> float | None:
    """Linear interpolation in the gain between the last exponent not above LIMIT and the first above."""
    beyond = exponents - LIMIT
    above = (beyond > 0).nonzero()
    if not len(above):
        return None
    k = int(above[0])
    if k == 0:
        return GAINS[0]
    low, high = beyond[k - 1].item(), beyond[k].item()
    return GAINS[k - 1] + (GAINS[k] - GAINS[k - 1]) * -low / (high - low)
