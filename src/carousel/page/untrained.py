"""The untrained networks that the course asks about, drawn as the lab page draws them: web/src/models/untrained.ts."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.introspect import flow
from carousel.introspect.record import record
from carousel.nn.cells import CELLS, Cell
from carousel.page.draws import Draws

_HIDDEN, _BATCH, _KEYS = 32, 4, 8
NETWORKS = {
    "rnn": ("rnn", "default"),
    "orthogonal": ("rnn", "orthogonal"),
    "lstm": ("lstm", "default"),
    "open": ("lstm", "chrono"),
}


@cache
def left(network: str, length: int, seed: int, forget_bias: float | None = None) -> tuple[float, ...]:
    """What is left of the gradient k steps back, k = 0 ... length - 1, of a sequence of delayed recall."""
    name, start = NETWORKS[network]
    draw, cell = Draws(seed), CELLS[name](2 * _KEYS, _HIDDEN, dtype=torch.float64)
    _initialise(cell, start, length, draw)
    made = RecurrentNetwork([cell], _KEYS, "last", kernel="reference").double()
    _fill(made.linear.weight, draw)
    _fill(made.linear.bias, draw, units=_HIDDEN)
    if forget_bias is not None:
        _set_blocks(cell, 1, torch.full((_HIDDEN,), forget_bias, dtype=torch.float64))
    x, y = _recalled(length, Draws(seed))
    with record(made) as tape:
        cross_entropy(made(x), y).backward()
    return tuple(flow.lag_profile(tape, direction="loss").mean.exp().tolist())


def _initialise(cell: Cell, start: str, length: int, draw: Draws) -> None:
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        _fill(cell.get_parameter(name), draw, units=_HIDDEN)
    if start == "orthogonal":
        cell.get_parameter("weight_hh").data.copy_(torch.from_numpy(_orthogonal(draw)))
    if start == "chrono":
        biases = torch.tensor([np.log(1 + (max(length - 1, 1) - 1) * draw.uniform()) for _ in range(_HIDDEN)])
        _set_blocks(cell, 1, biases)
        _set_blocks(cell, 0, -biases)


def _fill(values: Tensor, draw: Draws, units: int | None = None) -> None:
    """Uniform in ± 1 / sqrt(units). units: None for those of its rows."""
    bound = (units or values.shape[1]) ** -0.5
    drawn = [bound * (2 * draw.uniform() - 1) for _ in range(values.numel())]
    values.data.copy_(torch.tensor(drawn, dtype=torch.float64).view_as(values))


def _set_blocks(cell: Cell, block: int, bias: Tensor) -> None:
    rows = slice(block * _HIDDEN, (block + 1) * _HIDDEN)
    cell.get_parameter("bias_ih").data[rows] = bias
    cell.get_parameter("bias_hh").data[rows] = 0


def _orthogonal(draw: Draws) -> NDArray[np.float64]:
    """Gram, Schmidt on Gaussian columns, twice."""
    found = np.empty((_HIDDEN, 0))
    for _ in range(_HIDDEN):
        column = np.array([draw.normal() for _ in range(_HIDDEN)])
        for _ in range(2):
            column = column - found @ (found.T @ column)
        found = np.column_stack([found, column / np.linalg.norm(column)])
    return found


def _recalled(length: int, draw: Draws) -> tuple[Tensor, Tensor]:
    """x [T, B, 2 KEYS] of one-hot symbols, and the key that each sequence begins with."""
    symbols = torch.empty(length, _BATCH, dtype=torch.long)
    for b in range(_BATCH):
        symbols[0, b] = draw.integer(_KEYS)
        for t in range(1, length):
            symbols[t, b] = _KEYS + draw.integer(_KEYS)
    return one_hot(symbols, 2 * _KEYS).double(), symbols[0]
