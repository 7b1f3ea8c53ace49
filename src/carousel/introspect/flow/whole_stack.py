"""Cells one above the other as one recurrence: a frozen float64 copy, linearised by autograd.

The whole state is one vector s_t of all layers' fields (h; for an LSTM h *and* c), so that s_t = F(x_t, s_{t-1}) and
every derivative through time, from layer to layer too, is a product of the Jacobians of F.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad

from carousel.nn.cells import Cell, State
from carousel.nn.layers.stack import run_stack


class WholeStack:
    """cells: lowest first. x: [T, B, I], what drives them from the zero state; lengths: [B], None for T.

    states: [T + 1, B, S], s_0 .. s_T, float64. A `Linearisation`.
    """

    def __init__(self, cells: Sequence[Cell], x: Tensor, lengths: Tensor | None = None):
        self._cells = [(copy.deepcopy(cell).double().requires_grad_(False),) for cell in cells]
        self._x, batch = x.double(), x.shape[1]
        self.lengths = torch.full((batch,), len(x)) if lengths is None else lengths
        first = [cell.initial_state(batch) for (cell,) in self._cells]
        self._widths = [field.shape[1] for state in first for field in state]
        self._types = [type(state) for state in first]
        self._sequences = torch.arange(batch)
        states = [_join(first)]
        with torch.no_grad():
            for x_BI in self._x:
                states.append(self._step(x_BI, states[-1]))
        self.states = torch.stack(states)

    @property
    def size(self) -> int:
        """S."""
        return sum(self._widths)

    def push(self, rows: Tensor, v: Tensor) -> Tensor:
        """J v by forward-mode differentiation, [B, N, S]."""
        x, s = self._at(rows)
        found = []
        for tangent in v.unbind(1):
            with torch.no_grad(), forward_ad.dual_level():
                found.append(forward_ad.unpack_dual(self._step(x, forward_ad.make_dual(s, tangent))).tangent)
        return torch.stack(found, dim=1)

    def pull(self, rows: Tensor, w: Tensor) -> Tensor:
        """J^T w by reverse-mode differentiation, [B, N, S]."""
        x, s = self._at(rows)
        s.requires_grad_()
        with torch.enable_grad():
            after = self._step(x, s)
            found = [torch.autograd.grad(after, s, adjoint, retain_graph=True)[0] for adjoint in w.unbind(1)]
        return torch.stack(found, dim=1)

    def _at(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The input of the steps, and the states before them."""
        return self._x[rows, self._sequences], self.states[rows, self._sequences]

    def _step(self, x_BI: Tensor, s_BS: Tensor) -> Tensor:
        """F: the next whole state."""
        return _join(run_stack(self._cells, x_BI.unsqueeze(0), self._split(s_BS), kernel="reference").finals)

    def _split(self, s: Tensor) -> list[State]:
        fields = iter(s.split(self._widths, dim=1))
        return [kind(*(next(fields) for _ in kind._fields)) for kind in self._types]  # type: ignore[attr-defined]


def _join(states: Sequence[State | None]) -> Tensor:
    return torch.cat([field for state in states if state is not None for field in state], dim=1)
