"""The plain recurrent network of Elman (1990), with tanh or ReLU."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor

from carousel.nn.cells.base import Cell, Intervene, State, unchanged


class ElmanState(NamedTuple):
    """h: [B, H] hidden state."""

    h: Tensor


class ElmanGates(NamedTuple):
    """An Elman cell has no gates."""


class _Elman(Cell):
    """h = phi(W x + b + U h + b'). Elman, "Finding structure in time", 1990; the variant of torch.nn.RNNCell."""

    blocks = ("h",)
    state_type = ElmanState
    gate_names = ()

    def project(self, x: Tensor) -> Tensor:
        return self._from_input(x, self._joint_bias())


@final
class ElmanTanh(_Elman):
    """h = tanh(W x + b + U h + b')."""

    name = "rnn"

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[ElmanState, ElmanGates]:
        (h,) = state
        h = torch.tanh(u + self._from_state(h, dropout))
        return ElmanState(intervene("h", h)), ElmanGates()


@final
class ElmanReLU(_Elman):
    """h = max(0, W x + b + U h + b')."""

    name = "rnn-relu"

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[ElmanState, ElmanGates]:
        (h,) = state
        h = torch.relu(u + self._from_state(h, dropout))
        return ElmanState(intervene("h", h)), ElmanGates()
