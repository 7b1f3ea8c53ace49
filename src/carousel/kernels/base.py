"""The contract of a kernel: a way to run a cell over time.

Kernels are stateless. One that cannot run a call says why (`Refusal`); nothing falls back in silence. `reference` is
the oracle: every other kernel must give its outputs, final states and every gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from torch import Tensor

from carousel.cells import Cell, State
from carousel.kernels.tape import Tape


@dataclass(frozen=True)
class Request:
    """What a run shall keep, asked for beforehand.

    states: h (and c) of every step. gates: every gate of every step. gradients: after `backward()`, the total
    derivative
    of the loss with respect to each of what was kept. final_state: the state after each sequence's last true step.
    """

    states: bool = False
    gates: bool = False
    gradients: bool = False
    final_state: bool = True

    @property
    def records(self) -> bool:
        """Whether anything of the steps in between is kept."""
        return self.states or self.gates or self.gradients


class Refusal(NamedTuple):
    """Why a kernel cannot run a call."""

    reason: str


class Run(NamedTuple):
    """output: [T, B, H], 0 at padded steps. state: after the last true step; None unless asked for. tape: what was
    kept."""

    output: Tensor
    state: State | None
    tape: Tape | None


class Kernel(ABC):
    """A way to run a cell over time. `x` is [T, B, I], `lengths` [B] or None, `state` a cell's state or None for
    zero."""

    name: ClassVar[str]

    @abstractmethod
    def supports(self, cell: Cell, x: Tensor, lengths: Tensor | None, request: Request) -> Refusal | None:
        """None where this kernel can run the call, else the reason why not."""

    @abstractmethod
    def run(self, cell: Cell, x: Tensor, state: State | None, lengths: Tensor | None, request: Request) -> Run:
        """Run all T steps. What stands at padded steps, NaN included, changes nothing."""
