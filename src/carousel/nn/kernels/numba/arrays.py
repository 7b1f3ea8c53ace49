"""The sizes of a pass's arrays, and the memory that one takes."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from carousel.nn.kernels.numba.jit.indexing import rounded_up
from carousel.nn.kernels.numba.jit.matrix import HALF
from carousel.nn.kernels.numba.jit.narrow_input import NARROW
from carousel.nn.kernels.numba.jit.simd import lanes as lanes_of
from carousel.nn.kernels.numba.jit.tile import ROWS
from carousel.nn.kernels.numba.layout import Layout
from carousel.nn.kernels.numba.specification import Specification
from carousel.nn.kernels.numba.workspace import Plan

_NEAR_BYTES = 3 << 20  # about what a core's own cache holds
_CHUNK_ROWS = 192  # rows whose derivatives are held until the weights' gradients are summed from them


class Sizes(NamedTuple):
    """hidden: H. padded: H in whole registers and tiles. lanes: numbers in a register. width: of x. columns: the same
    in whole registers. inputs: rows of the gradient of x's weights, I + 1 in whole tiles; none where x comes projected
    (normed)."""

    hidden: int
    padded: int
    lanes: int
    width: int
    columns: int
    inputs: int
    normed: bool


def sizes_of(hidden: int, width: int, normed: bool, dtype: np.dtype) -> Sizes:
    """The sizes of arrays for H units and x [T, B, width]."""
    lanes = lanes_of(dtype.itemsize)
    padded, columns = rounded_up(hidden, max(lanes, ROWS)), rounded_up(width, lanes)
    return Sizes(hidden, padded, lanes, width, columns, 0 if normed else rounded_up(width + 1, HALF), normed)


def states_counts(total: int, batch: int, sizes: Sizes) -> dict[str, int]:
    """Elements of what holds h: hp, h_{t-1} of `total` steps of all sequences, and the final h."""
    return {"hp": (total + batch) * sizes.padded}


def kept_counts(spec: Specification, total: int, batch: int, sizes: Sizes, norm_c: bool) -> dict[str, int]:
    """Elements of the gates and c of `total` steps of all sequences, and of what layer normalisation needs."""
    padded, of_h, normed = sizes.padded, len(spec.h_order) * sizes.padded, sizes.normed
    return {
        "v": total * of_h * normed, "v_scale": total * normed, "m": total * padded * norm_c, "m_scale": total * norm_c,
        "a": total * spec.blocks * padded * spec.has_gates, "c": (total + batch + 1) * padded * spec.has_c,
    }  # fmt: skip


class Memory:
    """What a pass of that kind on that layout takes: plans of its blocks, in elements. norm_c, dropout: whether they
    are given."""

    def __init__(self, spec: Specification, layout: Layout, sizes: Sizes, dtype: np.dtype, norm_c: bool, dropout: bool):
        self._spec, self._layout, self._sizes, self._dtype = spec, layout, sizes, dtype
        self._norm_c, self._dropout = norm_c, dropout
        self._of_h, self._of_x = len(spec.h_order) * sizes.padded, len(spec.x_order) * sizes.padded
        self._slices, self._most = layout.numbers["slices"], layout.numbers["most"]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The fields of a record that all passes on it share."""
        found = self._spec.numbers | self._layout.numbers | self._sizes._asdict()
        each = {"each_forward": self._each_forward, "each_backward": self._each_backward, "each_sum": self._each_sum}
        return found | each | {"chunk": self._chunk, "far": self._far}

    @cached_property
    def states(self) -> Plan:
        """hp: h_{t-1} of every step, and the final h."""
        return Plan(self._dtype, **states_counts(self._layout.total, self._layout.batch, self._sizes))

    @cached_property
    def output(self) -> Plan:
        """out, where it cannot be a view of hp."""
        return Plan(self._dtype, out=self._layout.steps * self._layout.batch * self._sizes.hidden)

    @cached_property
    def kept(self) -> Plan:
        """Gates and c of every step, and what layer normalisation needs."""
        counts = kept_counts(self._spec, self._layout.total, self._layout.batch, self._sizes, self._norm_c)
        return Plan(self._dtype, **counts)

    @cached_property
    def forward(self) -> Plan:
        """Packed weights, vectors and scratch."""
        sizes, only_x = self._sizes, self._spec.h_first * self._sizes.padded
        only_h = (self._spec.blocks - len(self._spec.x_order)) * sizes.padded
        both, depth = self._of_x - only_x, sizes.width + sizes.hidden
        if sizes.normed:
            only_x, both, only_h, depth = 0, self._of_h, 0, sizes.hidden
        return Plan(
            self._dtype,
            w_x=only_x * sizes.width, w_b=both * depth, w_h=only_h * sizes.hidden, **self._vectors(),
            scratch=self._slices * self._each_forward, places=self._integers(2 * self._slices * self._most),
        )  # fmt: skip

    @cached_property
    def derivatives(self) -> Plan:
        """Total derivatives of every state."""
        count = self._layout.total * self._sizes.padded
        return Plan(self._dtype, dh=count, dc=count * self._spec.has_c)

    @cached_property
    def of_x(self) -> Plan:
        """The derivatives of x."""
        return Plan(self._dtype, dx=self._layout.steps * self._layout.batch * self._sizes.width)

    @cached_property
    def backward(self) -> Plan:
        """Packed weights, vectors, scratch and sums."""
        sizes = self._sizes
        columns = 0 if sizes.normed else sizes.width if sizes.width <= NARROW else sizes.columns
        return Plan(
            self._dtype,
            w_dx=self._of_x * columns, w_b=self._of_h * sizes.padded, **self._vectors(),
            scratch=self._slices * self._each_backward, places=self._integers(2 * self._slices * self._most),
            sums=self._slices * self._each_sum,
        )  # fmt: skip

    @property
    def _far(self) -> bool:
        """Whether a forward pass keeps more than a cache holds, so that it is written past the caches."""
        rows = self._layout.total * self._sizes.padded * self._dtype.itemsize
        return rows * (1 + self._spec.has_gates * self._spec.blocks + self._spec.has_c) > _NEAR_BYTES

    @property
    def _chunk(self) -> int:
        """Steps whose derivatives are held together."""
        return max(1, _CHUNK_ROWS // self._most)

    @property
    def _each_forward(self) -> int:
        """Scratch of one slice (see `forward.py`)."""
        return self._most * ((2 * self._spec.blocks + 3) * self._sizes.padded + self._sizes.columns)

    @property
    def _each_backward(self) -> int:
        """Scratch of one slice (see `backward.py`)."""
        sizes, rows = self._sizes, self._most * self._chunk
        row = (1 + sizes.normed) * (self._spec.blocks * sizes.padded + sizes.lanes)
        row += sizes.padded + sizes.lanes + rounded_up(sizes.inputs, sizes.lanes) + sizes.columns
        return int(rows * row + 4 * self._most * sizes.padded)

    @property
    def _each_sum(self) -> int:
        """Sums over time of one slice (see `views.sums_of`)."""
        sizes, alone = self._sizes, self._spec.blocks - len(self._spec.x_order)
        size = self._of_h * sizes.padded + self._of_x * sizes.inputs + alone * sizes.padded
        return size + (self._of_h + 2 * sizes.padded) * sizes.normed

    def _vectors(self) -> dict[str, int]:
        sizes, blocks = self._sizes, self._spec.blocks * self._sizes.padded
        return {
            "bias": blocks, "drop": self._layout.batch * sizes.padded * self._dropout,
            "gain": self._of_h * sizes.normed, "gain_m": sizes.padded * self._norm_c,
            "bias_m": sizes.padded * self._norm_c, "zeros": max(blocks, sizes.columns),
        }  # fmt: skip

    def _integers(self, count: int) -> int:
        """int64 numbers, in elements of the pass's type."""
        return count * 8 // self._dtype.itemsize


memory_of = lru_cache(maxsize=64)(Memory)  # those of equal layouts, which are few, are found again
