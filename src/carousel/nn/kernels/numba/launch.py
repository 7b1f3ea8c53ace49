"""A forward pass of one layer in one direction, and its backward pass: memory taken, slices sent through time.

A pass is of one network or of a population of P that share their shapes: a record each (`jit/pass_record.py`), and the
same compiled code for every record. What a network gets does not depend on the others, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from carousel.nn.cells import PARAMETERS
from carousel.nn.kernels.numba.arrays import memory_of, sizes_of
from carousel.nn.kernels.numba.jit.backward import backward
from carousel.nn.kernels.numba.jit.forward import forward
from carousel.nn.kernels.numba.jit.pass_record import records
from carousel.nn.kernels.numba.layout import Layout
from carousel.nn.kernels.numba.specification import Specification
from carousel.nn.kernels.numba.threads import for_each, worthwhile
from carousel.nn.kernels.numba.workspace import Arena, Plan

DTYPES: dict[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}
_LIKE = {dtype: np.empty(0, dtype) for dtype in DTYPES.values()}
_NONE: frozenset[str] = frozenset()


class Pass:
    """One layer in one direction on one batch. after: +1 forwards in time, -1 backwards.

    tensors: x [T, B, .], h0, c0, dropout, fresh and PARAMETERS by name, None where there is none; contiguous copies of
    them are kept. With layer normalisation x is [T, B, G], W x + b already. layouts: one for all networks, or one each.
    networks: P. own: the names of tensors of which each network has its own, [P, ...]; of a population all but x,
    dropout and fresh, which may be shared. apart: the output has memory of its own.
    """

    def __init__(
        self,
        spec: Specification,
        layouts: Sequence[Layout],
        after: int,
        tensors: dict[str, Tensor | None],
        own: frozenset[str] = _NONE,
        networks: int = 1,
        apart: bool = False,
    ):
        x, weight = tensors["x"], tensors["weight_hh"]
        assert x is not None and weight is not None
        self.spec, self.layouts, self.after, self.own, self.networks = spec, layouts, after, own, networks
        self.layout = max(layouts, key=lambda layout: layout.total)  # whose arrays are the largest
        self._lead = (networks,) if own else ()
        self.x_shape, self._torch, self._dtype = x.shape[-3:], x.dtype, DTYPES[x.dtype]
        self.tensors = {k: None if t is None else _dense(t.detach(), k in own) for k, t in tensors.items()}
        normed = tensors["norm_hh"] is not None
        self.sizes = sizes_of(weight.shape[-1], x.shape[-1], normed, self._dtype)
        norm_c, dropout = tensors["norm_c"] is not None, tensors["dropout"] is not None
        self._memory = memory_of(spec, self.layout, self.sizes, self._dtype, norm_c, dropout)
        # h_t is h_{t-1} of the next step, so the output may be a view of hp, one step on; not where the two differ.
        in_step = after > 0 and self.layout.equal and tensors["fresh"] is None
        self._shared = in_step and self.sizes.padded == self.sizes.hidden and not apart
        self._numbers: dict[str, int] = {}
        self._strides: dict[str, int] = {}

    @property
    def _operations(self) -> float:
        """Floating-point operations of one network's forward pass, about."""
        sizes = self.sizes
        return 2.0 * self.layout.total * sizes.hidden * self.spec.blocks * (sizes.hidden + sizes.width)

    def forward(self) -> tuple[Tensor, list[Tensor]]:
        """Output [T, B, H] and final states [B, H], of a population [P, T, B, H] and [P, B, H]; what the steps leave is
        kept for `backward` and for a tape."""
        memory, networks, item = self._memory, self.networks, self._dtype.itemsize
        self.kept, self.states = Arena(memory.kept, networks), Arena(memory.states, networks)
        self._output = self.states if self._shared else Arena(memory.output, networks)
        arenas = self.kept, self.states, self._output
        addresses = {name: address for arena in arenas for name, address in arena.addresses.items()}
        strides = {name: stride for arena in arenas for name, stride in arena.strides.items()}
        if self._shared:
            addresses["out"] = addresses["hp"] + self.layout.batch * self.sizes.padded * item
            strides["out"] = self.states.stride
        self.use(addresses, strides)
        output = self.output()  # made before the steps run: they leave nothing of Python in the cache
        return output, self.run_forward()

    def use(self, addresses: dict[str, int], strides: dict[str, int] | None = None) -> None:
        """Where hp, out and what is kept besides are, written by the forward pass and read by the backward pass.
        strides: how far it is to the next network's."""
        self._numbers, self._strides = self._memory.numbers | addresses, dict(strides or {})
        self._numbers.update(after=self.after, shared=self._shared)
        for name, tensor in self.tensors.items():
            self._point(self._numbers, self._strides, name, tensor, name in self.own)

    def run_forward(self) -> list[Tensor]:
        """All steps, in the memory that `use` named; the final states [B, H] or [P, B, H]."""
        size = *self._lead, self.layout.batch, self.sizes.hidden
        final = [torch.empty(size, dtype=self._torch) for _ in range(1 + self.spec.has_c)]
        numbers, strides = dict(self._numbers), dict(self._strides)
        for name, tensor in zip(("final_h", "final_c"), final, strict=False):
            self._point(numbers, strides, name, tensor, True)
        self._run(self._memory.forward, numbers, strides, self._operations, self._forward)
        return final

    def stepper(self) -> Callable[[], None]:
        """The forward pass as a call: from what is in x, h0 and c0, written over h0 and c0. Memory is its own and kept,
        and weights are packed once, at the first call."""
        memory = self._memory
        arenas = [Arena(plan) for plan in (memory.kept, memory.states, memory.output, memory.forward)]
        self.use({name: address for arena in arenas for name, address in arena.addresses.items()})
        ends = {f"final_{state[0]}": self._numbers[state] for state in ("h0", "c0")}
        record, like, ready = records(self._numbers | ends, {}, 1), _LIKE[self._dtype], arenas[:0]

        def step() -> None:
            forward(record, like, 0, 1, 0, self.layout.numbers["slices"], not ready)
            ready[:] = arenas  # which live as long as this does

        return step

    def output(self) -> Tensor:
        """[T, B, H] or [P, T, B, H], of the same memory at every call."""
        name, start = ("hp", self.layout.batch * self.sizes.padded) if self._shared else ("out", 0)
        shape = self.layout.steps, self.layout.batch, self.sizes.hidden
        found = self._output.all(name, shape, start) if self._lead else self._output.array(name, shape, start)
        return torch.from_numpy(found)  # torch's own view would forbid more

    def backward(
        self, given: tuple[Tensor | None, ...], needed: dict[str, bool], keep: bool
    ) -> tuple[dict[str, Tensor], Arena | None]:
        """From the derivatives of the output and the final h and c to those of what is needed, by name; and, where
        they shall be kept, the total derivatives of every state."""
        memory, found = self._memory, dict[str, Tensor]()
        numbers, strides = dict(self._numbers), dict(self._strides)
        derivatives = Arena(memory.derivatives, self.networks) if keep else None
        if derivatives is not None:
            numbers, strides = numbers | derivatives.addresses, strides | derivatives.strides
        numbers["weights_wanted"] = any(needed[name] for name in PARAMETERS)
        held = [None if g is None else _dense(g, bool(self._lead)) for g in given]
        for name, tensor in zip(("g", "gh", "gc"), held, strict=False):
            self._point(numbers, strides, name, tensor, True)
        for name, field, like in self._targets(needed):
            found[name] = torch.empty_like(like)
            self._point(numbers, strides, field, found[name], True)
        if needed["x"]:
            of_x = Arena(memory.of_x, self.networks)
            numbers, strides = numbers | of_x.addresses | {"x_wanted": True}, strides | of_x.strides
            dx = of_x.all("dx", tuple(self.x_shape)) if self._lead else of_x.array("dx", tuple(self.x_shape))
            found["x"] = torch.from_numpy(dx)
        self._run(memory.backward, numbers, strides, 2 * self._operations, self._backward)
        if needed["x"] and self._lead and "x" not in self.own:
            found["x"] = found["x"].sum(0)  # every network's
        return found, derivatives

    def _targets(self, needed: dict[str, bool]) -> list[tuple[str, str, Tensor]]:
        """Name, field of the record, and the tensor whose shape the derivative has. x is done separately."""
        fields = [("h0", "dh0"), ("c0", "dc0"), *((name, f"d_{name}") for name in PARAMETERS)]
        return [(name, field, t) for name, field in fields if needed[name] and (t := self.tensors[name]) is not None]

    def _point(
        self, numbers: dict[str, int], strides: dict[str, int], field: str, tensor: Tensor | None, own: bool
    ) -> None:
        """Write down where a tensor is, and where the next network's."""
        numbers[field] = 0 if tensor is None else tensor.data_ptr()
        if tensor is not None and own and self._lead:
            strides[field] = tensor.stride(0) * tensor.element_size()

    def _run(
        self,
        scratch: Plan,
        numbers: dict[str, int],
        strides: dict[str, int],
        operations: float,
        run: Callable[[np.ndarray, int, int, int, int, bool, bool], None],
    ) -> None:
        """All networks, on as many threads as are worth it: over the slices of one, or over the networks of several.
        Networks that one thread takes in turn share their scratch, which stays in its cache."""
        slices, networks = self.layout.numbers["slices"], self.networks
        if networks == 1:
            alone = Arena(scratch)  # held until all has run
            self._run_one(records(numbers | alone.addresses, {}, 1), slices, operations, run)
            return
        parts = worthwhile(networks, networks * operations)
        memory, table = Arena(scratch, parts), records(numbers, strides, networks)
        bounds = [networks * part // parts for part in range(parts + 1)]
        for part in range(parts):
            for field, address in memory.addresses.items():
                table[field][bounds[part] : bounds[part + 1]] = address + part * memory.stride
        if len(self.layouts) > 1:
            for field in ("start", "order", "bounds", "total"):
                table[field] = [layout.numbers[field] for layout in self.layouts]
        for_each(lambda a, b: run(table, bounds[a], bounds[b], 0, slices, True, True), parts, networks * operations)

    def _run_one(self, table: np.ndarray, slices: int, operations: float, run: Callable[..., None]) -> None:
        if worthwhile(slices, operations) == 1:
            run(table, 0, 1, 0, slices, True, True)
            return
        run(table, 0, 1, 0, 0, True, False)
        for_each(lambda low, high: run(table, 0, 1, low, high, False, False), slices, operations)
        run(table, 0, 1, 0, 0, False, True)

    def _forward(self, table: Any, first: int, last: int, low: int, high: int, starts: bool, ends: bool) -> None:
        forward(table, _LIKE[self._dtype], first, last, low, high, starts)

    def _backward(self, table: Any, first: int, last: int, low: int, high: int, starts: bool, ends: bool) -> None:
        backward(table, _LIKE[self._dtype], first, last, low, high, starts, ends)


def _dense(tensor: Tensor, own: bool) -> Tensor:
    """Each network's part of it without gaps."""
    if own and tensor[0].is_contiguous():
        return tensor
    return tensor.contiguous()
