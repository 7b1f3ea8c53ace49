"""The contract of a contender's network: sequences in, answers out, and how much it carries from step to step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from torch import Generator, Tensor, nn

Readout = Literal["last", "every"]
_BITS = 32  # of a number: every contender trains in float32


class Network(nn.Module, ABC):
    """readout "last": [B, O] from each sequence's last true step; "every": [T, B, O].

    flow_refused: why gradient flow through a recurrent state cannot be measured of it; None where it can.
    """

    flow_refused: ClassVar[str | None] = None
    readout: Readout

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x: [T, B, I]; lengths: [B] or None. Padded steps change nothing."""

    @property
    @abstractmethod
    def kernels(self) -> list[str]:
        """The names of what ran at the last call, a layer each."""

    @property
    @abstractmethod
    def refusals(self) -> Mapping[str, str]:
        """Kernels preferred to the one that ran the first layer, and why they refused."""

    @property
    def longest(self) -> int | None:
        """Steps of the longest sequence that runs; None where any does."""
        return None

    @abstractmethod
    def carried(self, length: int) -> int:
        """How many numbers go from step `length` to the next: all that the past can act through."""

    def state_bits(self, length: int) -> int:
        """The size of what is carried, in bits."""
        return _BITS * self.carried(length)


def torch_default(linear: nn.Linear, generator: Generator) -> None:
    """torch's initialisation of a linear layer: weights and biases uniform in +-1/sqrt(inputs)."""
    bound = linear.in_features**-0.5
    for parameter in linear.parameters():
        parameter.data.uniform_(-bound, bound, generator=generator)
