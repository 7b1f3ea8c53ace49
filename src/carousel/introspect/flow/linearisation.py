"""What every algorithm of gradient flow works on: a run whose steps push tangents forward and pull adjoints back."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Linearisation(Protocol):
    """The one-step Jacobians J of a run over its whole state [B, S]. A step is asked for by `rows` [B], one for each
    sequence, 0 being its first; vectors are in the last axis: [B, N, S] is N of them for each sequence.

    `Recurrence` has them of a recorded tape in closed form, `WholeStack` of cells one above the other by autograd.
    """

    @property
    def lengths(self) -> Tensor:
        """[B]: the number of steps."""

    @property
    def size(self) -> int:
        """S."""

    def push(self, rows: Tensor, v: Tensor) -> Tensor:
        """J v: what moving the state before the step by v does to the state after it."""

    def pull(self, rows: Tensor, w: Tensor) -> Tensor:
        """J^T w: the adjoint of the state after the step, carried to the state before it."""
