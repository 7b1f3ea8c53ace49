"""The long short-term memory: with forget gate (2000), in its form of 1997 without, and with coupled gates."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from carousel.nn.cells.base import Cell, Intervene, State, unchanged


class LSTMState(NamedTuple):
    """h: [B, H] hidden state, shown outside. c: [B, H] cell state, the constant error carousel."""

    h: Tensor
    c: Tensor


class LSTMGates(NamedTuple):
    """i: input gate. f: forget gate. g: candidate. o: output gate. Each [B, H], after its nonlinearity."""

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor


class _LSTM(Cell):
    """What the variants share: the state (h, c) and the projection. No peepholes."""

    state_type = LSTMState

    def project(self, x: Tensor) -> Tensor:
        return self._from_input(x, self._joint_bias())

    def _preactivations(self, u: Tensor, h: Tensor, dropout: Tensor | None) -> tuple[Tensor, ...]:
        return (u + self._from_state(h, dropout)).chunk(len(self.blocks), dim=-1)

    def _shown(self, c: Tensor) -> Tensor:
        """What the output gate lets through: tanh c, with layer normalisation tanh LN(c)."""
        if self.norm_c is not None:
            c = layer_norm(c, self.norm_c.shape, self.norm_c, self.norm_c_bias)
        return torch.tanh(c)

    def _output(self, o: Tensor, c: Tensor) -> Tensor:
        """h."""
        return o * self._shown(c)


class Forgetting(_LSTM):
    """The equation of today's LSTM."""

    blocks = ("i", "f", "g", "o")
    gate_names = ("i", "f", "g", "o")

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[LSTMState, LSTMGates]:
        h, c = state
        i, f, g, o = self._preactivations(u, h, dropout)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        i, f, g, o = intervene("i", i), intervene("f", f), intervene("g", g), intervene("o", o)
        c = intervene("c", f * c + i * g)
        return LSTMState(intervene("h", self._output(o, c)), c), LSTMGates(i, f, g, o)


@final
class LSTM(Forgetting):
    """i, f, o = sigma(.), g = tanh(.), c = f c + i g, h = o tanh(c).

    Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; the variant and the gate order (i, f,
    g, o) of torch.nn.LSTMCell.
    """

    name = "lstm"


@final
class LSTM1997(_LSTM):
    """c = c + i g: the form of Hochreiter and Schmidhuber 1997, which never forgets. Gate order (i, g, o).

    Their truncated gradient and squashing ranges are not reproduced: g and h use tanh, the gradient is exact.
    """

    name = "lstm-1997"
    blocks = ("i", "g", "o")
    gate_names = ("i", "g", "o")

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[LSTMState, LSTM1997Gates]:
        h, c = state
        i, g, o = self._preactivations(u, h, dropout)
        i, g, o = intervene("i", torch.sigmoid(i)), intervene("g", torch.tanh(g)), intervene("o", torch.sigmoid(o))
        c = intervene("c", c + i * g)
        return LSTMState(intervene("h", self._output(o, c)), c), LSTM1997Gates(i, g, o)


class LSTM1997Gates(NamedTuple):
    """i: input gate. g: candidate. o: output gate. Each [B, H]."""

    i: Tensor
    g: Tensor
    o: Tensor


@final
class CoupledLSTM(_LSTM):
    """c = f c + (1 - f) g: what is forgotten is what is written. Greff et al. 2017 ("CIFG"). Gate order (f, g, o)."""

    name = "lstm-coupled"
    blocks = ("f", "g", "o")
    gate_names = ("i", "f", "g", "o")

    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[LSTMState, LSTMGates]:
        h, c = state
        f, g, o = self._preactivations(u, h, dropout)
        f, g, o = intervene("f", torch.sigmoid(f)), intervene("g", torch.tanh(g)), intervene("o", torch.sigmoid(o))
        i = intervene("i", 1 - f)
        c = intervene("c", f * c + i * g)
        return LSTMState(intervene("h", self._output(o, c)), c), LSTMGates(i, f, g, o)
