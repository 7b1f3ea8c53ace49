"""What the sweeps must know of each cell: the blocks of its preactivations, and which weights reach which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from carousel.nn.cells import GRU, LSTM, LSTM1997, Cell, CoupledLSTM, ElmanReLU, ElmanTanh
from carousel.nn.kernels.numba.jit import codes


@dataclass(frozen=True)
class Specification:
    """Blocks 0 .. len(x_order) receive the input's product, blocks h_first .. `blocks` the state's.

    x_order, h_order: the block of torch's weights that each of those comes from. has_gates, has_c: whether
    there are any. code: the number the sweeps know the equation by.
    """

    code: int
    blocks: int
    x_order: tuple[int, ...]
    h_order: tuple[int, ...]
    h_first: int = 0
    has_gates: bool = True
    has_c: bool = False

    @cached_property
    def _orders(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.x_order, np.int64), np.array(self.h_order, np.int64)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The fields of a record that describe it."""
        x_order, h_order = (order.ctypes.data for order in self._orders)
        return {
            "code": self.code, "blocks": self.blocks, "x_blocks": len(self.x_order), "h_first": self.h_first,
            "x_order": x_order, "h_order": h_order,
        }  # fmt: skip


SPECIFICATIONS: dict[type[Cell], Specification] = {
    ElmanTanh: Specification(codes.ELMAN_TANH, 1, (0,), (0,), has_gates=False),
    ElmanReLU: Specification(codes.ELMAN_RELU, 1, (0,), (0,), has_gates=False),
    LSTM: Specification(codes.LSTM, 4, (0, 1, 2, 3), (0, 1, 2, 3), has_c=True),
    LSTM1997: Specification(codes.LSTM_1997, 3, (0, 1, 2), (0, 1, 2), has_c=True),
    CoupledLSTM: Specification(codes.LSTM_COUPLED, 3, (0, 1, 2), (0, 1, 2), has_c=True),
    GRU: Specification(codes.GRU, 4, (2, 0, 1), (0, 1, 2), h_first=1),  # n r z; of the state alone: v = U_n h + b'
}
