"""What a recorded run ran under: the cell, its state before the first step, lengths, resets, direction."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from carousel.common.errors import BadCall
from carousel.common.shapes import valid_steps
from carousel.nn.cells import Cell, State


@dataclass(frozen=True, eq=False)
class RunInfo:
    """length: T. initial: the state before the first step, or None for zeros. lengths: [B] or None.

    reset_mask: [T, B] bool, True where the state that a step starts from, in this run's direction of time, is 0; or
    None. dropout: [B, H] or None. reverse: from the last step to the first. every: which steps a tape holds (0, every,
    ...). intervened: whether an intervention changed values inside its steps.
    """

    view: Cell
    versions: tuple[int, ...]
    length: int
    initial: State | None
    lengths: Tensor | None
    reset_mask: Tensor | None
    dropout: Tensor | None
    reverse: bool
    every: int
    intervened: bool

    @property
    def valid(self) -> Tensor | None:
        """[T, B] bool, True where a step is no padding; None where all are."""
        return None if self.lengths is None else valid_steps(self.lengths, self.length)

    @property
    def cell(self) -> Cell:
        """The cell with the weights it ran with. Raises BadCall where they have been changed since."""
        if versions_of(self.view) != self.versions:
            raise BadCall(
                "the weights have been changed since the recorded run (an optimiser's step?)",
                fix="ask before the change, or record again",
            )
        return self.view


def versions_of(cell: Cell) -> tuple[int, ...]:
    """How often each parameter has been written to."""
    return tuple(0 if t.is_inference() else t._version for t in cell.all_tensors.values() if t is not None)
