"""The gated recurrent unit of Cho et al. (2014), in the variant that resets after the product."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor

from carousel.nn.cells.base import Cell, Intervene, State, unchanged


class GRUState(NamedTuple):
    """h: [B, H] hidden state."""

    h: Tensor


class GRUGates(NamedTuple):
    """r: reset gate. z: update gate (1 keeps the old state). n: candidate. Each [B, H]."""

    r: Tensor
    z: Tensor
    n: Tensor


@final
class GRU(Cell):
    """r, z = sigma(.), n = tanh(W x + b + r (U h + b')), h = (1 - z) n + z h.

    Cho et al. 2014; the reset gate acts after the product U h + b', as in cuDNN and torch.nn.GRUCell (the paper
    resets h before it, which gives other numbers). Gate order (r, z, n). The recurrent bias of n stands inside the
    reset and therefore does not merge with the other.
    """

    name = "gru"
    blocks = ("r", "z", "n")
    state_type = GRUState
    gate_names = ("r", "z", "n")

    def project(self, x: Tensor) -> Tensor:
        return self._from_input(x, self.bias_ih)

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[GRUState, GRUGates]:
        (h,) = state
        u_r, u_z, u_n = u.chunk(3, dim=-1)
        v_r, v_z, v_n = self._from_state(h, dropout, self.bias_hh).chunk(3, dim=-1)
        r, z = intervene("r", torch.sigmoid(u_r + v_r)), intervene("z", torch.sigmoid(u_z + v_z))
        n = intervene("n", torch.tanh(u_n + r * v_n))
        return GRUState(intervene("h", (1 - z) * n + z * h)), GRUGates(r, z, n)
