"""Where networks train, and are checked on the way: this machine's processor, or a card. Sequences are drawn, and what
has been trained is measured, on the processor."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TypeVar, final

import torch
from torch import Tensor, nn

from carousel.experiments.contenders.base import Network

CPU = torch.device("cpu")
_M = TypeVar("_M", bound=nn.Module)


def moved(module: _M, device: torch.device) -> _M:
    """A copy on a card; for the processor the module itself."""
    return module if device == CPU else deepcopy(module).to(device)


@final
class OnCard(Network):
    """A copy of a network on a card: takes sequences on the processor, answers there."""

    def __init__(self, network: Network, device: torch.device):
        super().__init__()
        self.network, self.readout, self._device = moved(network, device), network.readout, device

    def with_weights(self, weights: Mapping[str, Tensor]) -> Network:
        """Itself, with other weights."""
        self.network.load_state_dict(weights)
        return self

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        lengths = None if lengths is None else lengths.to(self._device)
        answer: Tensor = self.network(x.to(self._device), lengths).cpu()
        return answer

    @property
    def kernels(self) -> list[str]:
        return self.network.kernels

    @property
    def refusals(self) -> Mapping[str, str]:
        return self.network.refusals

    def carried(self, length: int) -> int:
        """As the network."""
        return self.network.carried(length)
