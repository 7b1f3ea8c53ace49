"""A network made ready for following gradients: a float64 copy, frozen, stepped over its whole state.

The whole state of a stack is one vector s_t of all layers' fields (h; for an LSTM h *and* c), so that
s_t = F(x_t, s_{t-1}) and every derivative through time is a product of the Jacobians of F.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.nn.cells import State


class Stepwise:
    """One frozen float64 copy of a network. `x` is [T, B, I]; a whole state is [B, S]."""

    def __init__(self, network: Network):
        if not isinstance(network, RecurrentNetwork):
            raise BadCall("gradient flow is followed through a recurrent state", got=network.flow_refused)
        self.network = copy.deepcopy(network).double().requires_grad_(False)
        self._template = self.network.initial_state(1)

    def initial(self, batch: int) -> Tensor:
        """The zero state, [B, S]."""
        return _join(self.network.initial_state(batch))

    def step(self, x_BI: Tensor, s_BS: Tensor) -> Tensor:
        """F: the next whole state."""
        return _join(self.network.step(x_BI, self._split(s_BS)))

    def readout(self, s_BS: Tensor) -> Tensor:
        """[B, O]: what the network answers from a whole state."""
        return self.network.linear(self._split(s_BS)[-1][0])

    def trajectory(self, x: Tensor) -> list[Tensor]:
        """The T + 1 whole states s_0 .. s_T."""
        states = [self.initial(x.shape[1])]
        with torch.no_grad():
            for x_BI in x:
                states.append(self.step(x_BI, states[-1]))
        return states

    def _split(self, s: Tensor) -> list[State]:
        widths = [field.shape[1] for state in self._template for field in state]
        fields = iter(s.split(widths, dim=1))
        return [type(state)(*(next(fields) for _ in state)) for state in self._template]


def _join(states: list[State]) -> Tensor:
    return torch.cat([field for state in states for field in state], dim=1)
