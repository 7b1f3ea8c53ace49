"""One step of a cell at a time, in compiled code: a pass of T = 1 whose memory and packed weights are kept.

A step does what it does inside a whole sequence, in the same order, so the bits are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from carousel.common.errors import KernelRefused
from carousel.nn.cells import Cell
from carousel.nn.kernels.numba.launch import Pass
from carousel.nn.kernels.numba.layout import equal_layout
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.numba.warmup import warm_up


class CellStream:
    """B streams through one cell, with its weights as they are at the first step. x: [1, B, I], where each step finds
    its input. states: h (and c), [B, H] each, where it finds the state and leaves the next.

    Raises KernelRefused for a cell that is normalised, or not compiled."""

    def __init__(self, cell: Cell, x: Tensor, states: Sequence[Tensor]):
        if type(cell) not in SPECIFICATIONS or cell.layer_norm:
            what = "a layer normalisation" if cell.layer_norm else f"the cell {cell.name!r}"
            raise KernelRefused(f"there are no single steps in compiled code for {what}")
        warm_up(x.dtype)
        given = {"x": x, "h0": states[0], "c0": states[1] if len(states) > 1 else None, "dropout": None, "fresh": None}
        work = Pass(SPECIFICATIONS[type(cell)], [equal_layout(1, x.shape[1])], 1, given | cell.tensors, apart=True)
        self.step = work.stepper()
