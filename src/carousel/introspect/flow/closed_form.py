"""The derivative of one step of each cell, as factors: recorded values in, no differentiation.

With a = U (D dh_prev), D the dropout of the recurrent product, the differential of a step is

    dm = carry dm_prev + sum over blocks b of gain_b a_b          m: what is carried, an LSTM's c, else h
    dh = W (opened a_o + shown dm)                                LSTMs; W is 1 without a projection

which for an LSTM is the Jacobian over s = (h, c) of Hochreiter and Schmidhuber's equations with the forget gate, and
for a GRU that of the variant that resets after the product. Everything is [T, B, .] at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from carousel.common.errors import BadCall
from carousel.introspect.flow.trajectory import Trajectory, exact
from carousel.nn.cells import GRU, LSTM, LSTM1997, Cell, CoupledLSTM, ElmanReLU, ElmanTanh, ProjectedLSTM


class Factors(NamedTuple):
    """gain: [T, B, G], blocks in the order of the weights. carry: [T, B, H]. opened, shown: [T, B, H], an LSTM's."""

    gain: Tensor
    carry: Tensor
    opened: Tensor | None = None
    shown: Tensor | None = None


def factors(steps: Trajectory) -> Factors:
    """Of every step. Raises BadCall for a cell that has no closed form here."""
    form = _FORMS.get(type(steps.cell))
    if form is None:
        known = ", ".join(cell.__name__ for cell in _FORMS)
        raise BadCall("no closed form of this cell's Jacobian", allowed=known, got=type(steps.cell).__name__)
    return form(steps)


def _elman_tanh(steps: Trajectory) -> Factors:
    h = steps.values["h"]
    return Factors(1 - h * h, torch.zeros_like(h))


def _elman_relu(steps: Trajectory) -> Factors:
    h = steps.values["h"]
    return Factors((h > 0).double(), torch.zeros_like(h))


def _gru(steps: Trajectory) -> Factors:
    r, z, n = (steps.values[name] for name in "rzn")
    before = steps.previous["h"]
    to_n = (1 - z) * (1 - n * n)  # through tanh
    gain = {"r": to_n * _before_reset(steps) * r * (1 - r), "z": (before - n) * z * (1 - z), "n": to_n * r}
    return Factors(_in_order(steps.cell, gain), z)


def _before_reset(steps: Trajectory) -> Tensor:
    """v = U_n (D h_prev) + b', which the reset gate multiplies."""
    cell, h = steps.cell, steps.previous["h"]
    rows = cell.rows("n")
    bias = None if cell.bias_hh is None else exact(cell.bias_hh)[rows]
    return linear(h if steps.dropout is None else h * steps.dropout, exact(cell.weight_hh)[rows], bias)


def _lstm(steps: Trajectory) -> Factors:
    i, f, g = (steps.values[name] for name in "ifg")
    gain = {"i": g * i * (1 - i), "f": steps.previous["c"] * f * (1 - f), "g": i * (1 - g * g)}
    return _shown(steps, gain, f)


def _lstm_1997(steps: Trajectory) -> Factors:
    i, g = steps.values["i"], steps.values["g"]
    return _shown(steps, {"i": g * i * (1 - i), "g": i * (1 - g * g)}, torch.ones_like(g))


def _lstm_coupled(steps: Trajectory) -> Factors:
    f, g = steps.values["f"], steps.values["g"]
    return _shown(steps, {"f": (steps.previous["c"] - g) * f * (1 - f), "g": (1 - f) * (1 - g * g)}, f)


def _shown(steps: Trajectory, gain: dict[str, Tensor], carry: Tensor) -> Factors:
    """What the variants of the LSTM share: h = o tanh(c)."""
    o, shown = steps.values["o"], torch.tanh(steps.values["c"])
    gain |= {"o": torch.zeros_like(o)}  # it acts on h, not on c
    return Factors(_in_order(steps.cell, gain), carry, shown * o * (1 - o), o * (1 - shown * shown))


def _in_order(cell: Cell, by_block: dict[str, Tensor]) -> Tensor:
    return torch.cat([by_block[block] for block in cell.blocks], dim=-1)


_FORMS: dict[type[Cell], Callable[[Trajectory], Factors]] = {
    ElmanTanh: _elman_tanh,
    ElmanReLU: _elman_relu,
    GRU: _gru,
    LSTM: _lstm,
    ProjectedLSTM: _lstm,
    LSTM1997: _lstm_1997,
    CoupledLSTM: _lstm_coupled,
}
