"""The contract of a kernel: a way to run a cell over time.

Kernels are stateless. One that cannot run a call says why (`Refusal`); nothing falls back in silence. `reference` is
the oracle: every other kernel must give its outputs, final states and every gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from torch import Tensor
from torch.nn.functional import pad

from carousel.common.shapes import valid_steps
from carousel.nn.cells import Cell, State
from carousel.nn.kernels.run_info import RunInfo, versions_of
from carousel.nn.kernels.tape import Recording, Tape


@dataclass(frozen=True)
class Call:
    """What a cell is run on.

    x: [T, B, I]. state: the cell's state before the first step, or None for zeros.
    lengths: [B], 1 .. T in any order, or None for T; what is in x behind them, NaN included, changes nothing.
    resets: [T, B] bool, True where a new sequence begins in the middle: nothing passes the border before that step, in
    either direction; the state after it is 0.
    dropout: [B, H], what h_{t-1} is multiplied by in the recurrent product, the same at every step.
    reverse: from each sequence's last true step to its first.
    intervene: (step, name, value [B, H]) -> what the step goes on with in place of that gate or state: an intervention.
    """

    x: Tensor
    state: State | None = None
    lengths: Tensor | None = None
    resets: Tensor | None = None
    dropout: Tensor | None = None
    reverse: bool = False
    intervene: Callable[[int, str, Tensor], Tensor] | None = None

    @property
    def valid(self) -> Tensor | None:
        """[T, B] bool, True where a step is no padding; None where all are."""
        return None if self.lengths is None else valid_steps(self.lengths, len(self.x))

    @property
    def reset_mask(self) -> Tensor | None:
        """[T, B] bool: True where the state that step t starts from, in this direction of time, is 0."""
        return mask_of(self.resets, self.valid) if self.reverse else self.resets


def mask_of(resets: Tensor | None, valid: Tensor | None) -> Tensor | None:
    """[..., T, B] bool, from the last step to the first: where the state that a step starts from is 0."""
    if resets is None:
        return None
    later = resets[..., 1:, :]  # the border before t + 1 lies between t + 1 and t
    if valid is not None:
        later = later & valid[..., 1:, :]  # what stands behind a sequence's end is no border
    return pad(later, (0, 0, 0, 1))


@dataclass(frozen=True)
class Request:
    """What a run shall keep, asked for beforehand.

    states: h (and c) of every step. gates: every gate of every step. gradients: after `backward()`, the total
    derivative of the loss with respect to each of what was kept. final_state: the state after each sequence's last
    step. only: names among them, or None for all. every: the steps 0, every, 2 every, ... alone. With `only` or `every`
    what is kept is copied, and the memory that the run itself needs is given back after its backward pass.
    """

    states: bool = False
    gates: bool = False
    gradients: bool = False
    final_state: bool = True
    only: tuple[str, ...] | None = None
    every: int = 1

    @property
    def records(self) -> bool:
        """Whether anything of the steps in between is kept."""
        return self.states or self.gates or self.gradients

    def names(self, cell: Cell) -> tuple[str, ...]:
        """What a tape of this cell shall hold."""
        names = (cell.state_names if self.states else ()) + (cell.gate_names if self.gates else ())
        return names if self.only is None else tuple(name for name in names if name in self.only)

    @property
    def subsamples(self) -> bool:
        """Whether less is kept than the run itself holds."""
        return self.only is not None or self.every > 1


class Refusal(NamedTuple):
    """Why a kernel cannot run a call."""

    reason: str


class Run(NamedTuple):
    """output: [T, B, H], 0 at padded steps. state: after the last step, in the run's own direction of time; None unless
    asked for. tape: what was kept."""

    output: Tensor
    state: State | None
    tape: Tape | None


def finished(cell: Cell, call: Call, request: Request, output: Tensor, state: State, recording: Recording) -> Run:
    """What a kernel that can record gives back: a tape and the final state where they were asked for."""
    tape = None
    if request.records:
        tape = Tape(request.names(cell), recording, run_info(cell, call, request), request.gradients)
    return Run(output, state if request.final_state else None, tape)


def run_info(cell: Cell, call: Call, request: Request) -> RunInfo:
    """What a tape says of its run, without a graph."""
    view = cell.detached()
    initial = None if call.state is None else type(call.state)(*(s.detach() for s in call.state))
    dropout = None if call.dropout is None else call.dropout.detach()
    return RunInfo(
        view, versions_of(view), len(call.x), initial, call.lengths, call.reset_mask, dropout, call.reverse,
        request.every, call.intervene is not None,
    )  # fmt: skip


class Kernel(ABC):
    """A way to run a cell over time."""

    name: ClassVar[str]

    @abstractmethod
    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        """None where this kernel can run the call, else the reason why not."""

    @abstractmethod
    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        """Run all T steps."""
