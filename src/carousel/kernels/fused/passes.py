"""A forward pass of one layer in one direction, and its backward pass: arrays laid out, slices sent through time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from carousel.kernels.fused.arrays import Derivatives, GivenDerivatives, Inputs, Kept, Sizes, Wanted, rounded_up
from carousel.kernels.fused.backward import backward
from carousel.kernels.fused.buffers import POOL
from carousel.kernels.fused.few import FEW
from carousel.kernels.fused.forward import forward
from carousel.kernels.fused.layout import Layout
from carousel.kernels.fused.packing import pack_for_backward, pack_for_forward
from carousel.kernels.fused.specification import Specification
from carousel.kernels.fused.threads import for_each

_CHUNK_ROWS = 192  # rows whose derivatives are held until the weights' gradients are summed from them


@dataclass(frozen=True)
class Pass:
    """One layer in one direction on one batch. after: +1 forwards in time, -1 backwards."""

    spec: Specification
    layout: Layout
    sizes: Sizes
    after: int
    given: Inputs

    @property
    def operations(self) -> float:
        """Floating-point operations of the forward pass, about."""
        return 2.0 * self.layout.total * self.sizes.hidden * self.spec.blocks * (self.sizes.hidden + self.sizes.width)

    @property
    def _cell(self) -> tuple[int, int, int, int]:
        return self.spec.code, self.spec.blocks, len(self.spec.x_order), self.spec.h_first

    def take(self, count: int) -> np.ndarray:
        """An array from the pool, not initialised."""
        return POOL.take(count, self.given.x.dtype)

    def forward(self) -> Kept:
        """Output, final states and all that is kept of the steps in between."""
        kept, shared = self._allocate()
        layout, given, spec, sizes = self.layout, self.given, self.spec, self.sizes
        weights = (*self._packed(), given.bias, given.bias_v)
        zeros = self._zeros()
        if len(kept.c):
            kept.c[-sizes.padded :] = 0

        def one(begin: int, end: int) -> None:
            where = (self.after, layout.batch, sizes.width, layout.total, begin, end - begin, shared)
            forward(
                self._cell, sizes[:3], where, layout.start, layout.order, given.fresh, given.drop, given.x,
                spec.x_blocks_of, given.h0, given.c0, weights, zeros, given.gain, given.gain_m, given.bias_m,
                *kept, self._scratch_forward(end - begin), np.empty(3 * (end - begin), np.int64),
            )  # fmt: skip

        for_each([partial(one, *ends) for ends in self._slices()], self.operations)
        return kept

    def _slices(self) -> list[tuple[int, int]]:
        return list(zip(self.layout.bounds, self.layout.bounds[1:], strict=False))

    def _allocate(self) -> tuple[Kept, bool]:
        n, sizes, spec, given = self.layout.total, self.sizes, self.spec, self.given
        padded, batch = sizes.padded, self.layout.batch
        h_blocks = spec.blocks - spec.h_first
        hp = self.take((n + batch) * padded)
        # h_t is h_{t-1} of the next step, so the output may be a view of hp, one step on; not where the two differ.
        shared = self.after > 0 and self.layout.equal and padded == sizes.hidden and not len(given.fresh)
        kept = Kept(
            v=self.take(n * h_blocks * padded if len(given.gain) else 0),
            v_scale=self.take(n if len(given.gain) else 0),
            m=self.take(n * padded if len(given.gain_m) else 0),
            m_scale=self.take(n if len(given.gain_m) else 0),
            a=self.take(n * spec.blocks * padded if spec.has_gates else 0),
            hp=hp,
            c=self.take((n + batch + 1) * padded if spec.has_c else 0),
            out=hp[batch * padded :] if shared else self.take(self.layout.steps * batch * sizes.hidden),
        )
        return kept, shared

    def _zeros(self) -> np.ndarray:
        return np.zeros(max(self.spec.blocks * self.sizes.padded, self.sizes.columns), self.given.x.dtype)

    def _packed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        spec, sizes, given = self.spec, self.sizes, self.given
        only_x, both, only_h = spec.h_blocks_alone if len(given.gain) else spec.blocks_by_product
        unit, depth = sizes.padded, sizes.width if len(both[0]) else 0
        w_x = self.take(len(only_x) * unit * sizes.width)
        w_b = self.take(len(both[1]) * unit * (depth + sizes.hidden))
        w_h = self.take(len(only_h) * unit * sizes.hidden)
        pack_for_forward(given.w_ih, given.w_hh, sizes.width, *sizes[:3], only_x, both, only_h, w_x, w_b, w_h)
        return w_x, w_b, w_h

    def backward(self, kept: Kept, given: GivenDerivatives, wanted: Wanted) -> Derivatives:
        """From the derivatives of the output and the final states to all others."""
        layout, inputs, spec, sizes = self.layout, self.given, self.spec, self.sizes
        found, slices = self._allocate_derivatives(wanted), self._slices()
        w_dx, w_b = self._packed_back(wanted)
        zeros, plan = self._zeros(), self._plan_sums(wanted)
        sums = [self.take(sum(plan)) for _ in slices]

        def one(begin: int, end: int, total: np.ndarray) -> None:
            total[:] = 0
            chunk = max(1, _CHUNK_ROWS // max(end - begin, 1))
            many = end - begin
            head = (self.after, layout.batch, sizes.width, layout.total, begin, many)
            where = (*head, self._inputs, rounded_up(self._inputs, sizes.lanes), sizes.columns, chunk)
            backward(
                self._cell, sizes[:3], where, layout.start, layout.order, inputs.fresh, inputs.drop, inputs.x,
                spec.x_blocks_of, tuple(given), w_b, w_dx, zeros, inputs[-3:], tuple(kept),
                self._scratch(end - begin, chunk), np.empty(2 * (end - begin), np.int64), found.dh, found.dc, tuple(_cut(total, plan)), found.dx, found.dh0,
                found.dc0,
            )  # fmt: skip

        tasks = [partial(one, *ends, total) for ends, total in zip(slices, sums, strict=True)]
        for_each(tasks, 2 * self.operations)
        for more in sums[1:]:
            sums[0] += more
        found.sums = _cut(sums[0], plan)
        return found

    def _packed_back(self, wanted: Wanted) -> tuple[np.ndarray, np.ndarray]:
        spec, sizes, given = self.spec, self.sizes, self.given
        with_x = wanted.x and not len(given.gain)
        whole = sizes.width <= FEW
        columns = sizes.width if whole else sizes.columns
        w_dx = self.take(len(spec.x_order) * sizes.padded * columns if with_x else 0)
        w_b = self.take(len(spec.h_order) * sizes.padded * sizes.padded)
        orders = spec.x_blocks_of, spec.h_blocks_of
        pack_for_backward(
            given.w_ih,
            given.w_hh,
            sizes.width,
            sizes.hidden,
            sizes.padded,
            sizes.columns,
            sizes.lanes,
            *orders,
            whole,
            w_dx,
            w_b,
        )
        return w_dx, w_b

    def _allocate_derivatives(self, wanted: Wanted) -> Derivatives:
        layout, sizes, spec = self.layout, self.sizes, self.spec
        states = layout.batch * sizes.hidden
        kept = layout.total * sizes.padded if wanted.keep else 0
        return Derivatives(
            dx=self.take(layout.steps * layout.batch * sizes.width if wanted.x else 0),
            dh0=self.take(states),
            dc0=self.take(states),
            dh=self.take(kept),
            dc=self.take(kept if spec.has_c else 0),
        )

    def _plan_sums(self, wanted: Wanted) -> list[int]:
        """Sizes of the sums over time: dw_h, dw_x, dbv, dgain, dgain_m, dbias_m."""
        spec, sizes, given = self.spec, self.sizes, self.given
        norm, norm_m = len(given.gain) > 0, len(given.gain_m) > 0
        return [
            len(spec.h_order) * sizes.padded * sizes.padded if wanted.weights else 0,
            len(spec.x_order) * sizes.padded * self._inputs if wanted.weights else 0,
            (spec.blocks - len(spec.x_order)) * sizes.padded if wanted.weights else 0,
            len(spec.h_order) * sizes.padded if norm else 0,
            sizes.padded if norm_m else 0,
            sizes.padded if norm_m else 0,
        ]

    @property
    def _inputs(self) -> int:
        """Rows of the gradients of x's weights, the bias's among them; none where x already is W x + b."""
        return 0 if len(self.given.gain) else self.sizes.inputs

    def _scratch_forward(self, most: int) -> np.ndarray:
        spec, sizes = self.spec, self.sizes
        return self.take(most * ((2 * spec.blocks + 1) * sizes.padded + rounded_up(sizes.width, sizes.lanes)))

    def _scratch(self, most: int, chunk: int) -> np.ndarray:
        spec, sizes = self.spec, self.sizes
        row = (2 if len(self.given.gain) else 1) * (spec.blocks * sizes.padded + sizes.lanes)
        row += sizes.padded + sizes.lanes + rounded_up(self._inputs, sizes.lanes) + sizes.columns
        return self.take(most * chunk * row + 4 * most * sizes.padded)


def _cut(array: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    parts, at = [], 0
    for size in sizes:
        parts.append(array[at : at + size])
        at += size
    return parts
