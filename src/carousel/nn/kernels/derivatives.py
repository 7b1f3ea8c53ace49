"""The total derivative of a gate from those of the states: one product, since a gate reaches the loss in one way only.

That way is h_t or c_t of its own step, so dL/dh_t and dL/dc_t in full are all that a backward pass must keep.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from carousel.nn.cells import GRU, Cell, CoupledLSTM


class Parts(Protocol):
    """What a run recorded of each step, [T, B, H]."""

    def value(self, name: str) -> Tensor:
        """A state or gate by name."""

    def previous_h(self) -> Tensor:
        """h_{t-1} as the step used it."""

    def previous_c(self) -> Tensor:
        """c_{t-1} as the step used it."""

    def before_reset(self) -> Tensor:
        """A GRU's v = U_n h + b'."""

    def shown(self) -> Tensor:
        """What an LSTM's output gate lets through: tanh of it."""


def of_gate(cell: type[Cell], name: str, parts: Parts, dh: Tensor, dc: Tensor | None) -> Tensor:
    """dL/d gate. dh, dc: of the states, in full; dc is an LSTM's."""
    if cell is GRU:
        return _of_gru(name, parts, dh)
    assert dc is not None
    return _of_lstm(cell, name, parts, dh, dc)


def _of_gru(name: str, parts: Parts, dh: Tensor) -> Tensor:
    """h = (1 - z) n + z h_prev; n = tanh(u + r v)."""
    n, z = parts.value("n"), parts.value("z")
    if name == "z":
        return dh * (parts.previous_h() - n)
    dn = dh * (1 - z)
    return dn if name == "n" else dn * (1 - n * n) * parts.before_reset()


def _of_lstm(cell: type[Cell], name: str, parts: Parts, dh: Tensor, dc: Tensor) -> Tensor:
    """c = f c_prev + i g; h = o tanh(m), m = c or its normalised form."""
    if name == "o":
        return dh * torch.tanh(parts.shown())
    if name == "g":
        return dc * parts.value("i")
    if name == "i":
        return dc * parts.value("g")
    previous = parts.previous_c()
    return dc * (previous - parts.value("g") if cell is CoupledLSTM else previous)
