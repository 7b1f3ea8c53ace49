"""What the sweeps must know of each cell: the blocks of its preactivations, and which weights reach which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from carousel.cells import GRU, LSTM, LSTM1997, Cell, CoupledLSTM, ElmanReLU, ElmanTanh
from carousel.kernels.fused import codes

Products = tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]


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
    def x_blocks_of(self) -> np.ndarray:
        """x_order as compiled code takes it."""
        return np.array(self.x_order, np.int64)

    @cached_property
    def h_blocks_of(self) -> np.ndarray:
        """h_order as compiled code takes it."""
        return np.array(self.h_order, np.int64)

    @cached_property
    def blocks_by_product(self) -> Products:
        """Blocks of the weights by the product that makes them: of x alone; of x and h (of both weights); of h."""
        first = len(self.x_order) - self.h_first  # of h_order: the blocks that x reaches too
        return (
            self.x_blocks_of[: self.h_first],
            (self.x_blocks_of[self.h_first :], self.h_blocks_of[:first]),
            self.h_blocks_of[first:],
        )

    @cached_property
    def h_blocks_alone(self) -> Products:
        """The same where x comes projected: one product, of h."""
        none = self.x_blocks_of[:0]
        return none, (none, self.h_blocks_of), none


SPECIFICATIONS: dict[type[Cell], Specification] = {
    ElmanTanh: Specification(codes.ELMAN_TANH, 1, (0,), (0,), has_gates=False),
    ElmanReLU: Specification(codes.ELMAN_RELU, 1, (0,), (0,), has_gates=False),
    LSTM: Specification(codes.LSTM, 4, (0, 1, 2, 3), (0, 1, 2, 3), has_c=True),
    LSTM1997: Specification(codes.LSTM_1997, 3, (0, 1, 2), (0, 1, 2), has_c=True),
    CoupledLSTM: Specification(codes.LSTM_COUPLED, 3, (0, 1, 2), (0, 1, 2), has_c=True),
    GRU: Specification(codes.GRU, 4, (2, 0, 1), (0, 1, 2), h_first=1),  # n r z; of the state alone: v = U_n h + b'
}
