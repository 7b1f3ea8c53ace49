"""A forward pass of one layer in one direction, and its backward pass: memory taken, slices sent through time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from carousel.nn.cells import PARAMETERS
from carousel.nn.kernels.numba.arrays import memory_of, sizes_of
from carousel.nn.kernels.numba.jit.backward import backward
from carousel.nn.kernels.numba.jit.forward import forward
from carousel.nn.kernels.numba.jit.pass_record import record
from carousel.nn.kernels.numba.jit.setup import finish_backward, set_up_backward, set_up_forward
from carousel.nn.kernels.numba.layout import Layout
from carousel.nn.kernels.numba.specification import Specification
from carousel.nn.kernels.numba.threads import for_each
from carousel.nn.kernels.numba.workspace import Arena

DTYPES: dict[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}
_LIKE = {dtype: np.empty(0, dtype) for dtype in DTYPES.values()}


class Pass:
    """One layer in one direction on one batch. after: +1 forwards in time, -1 backwards.

    tensors: x [T, B, .], h0, c0, dropout, fresh and PARAMETERS by name, None where there is none; contiguous copies of
    them are kept. With layer normalisation x is [T, B, G], W x + b already. apart: the output has memory of its own.
    """

    def __init__(
        self, spec: Specification, layout: Layout, after: int, tensors: dict[str, Tensor | None], apart: bool = False
    ):
        x, weight = tensors["x"], tensors["weight_hh"]
        assert x is not None and weight is not None
        self.spec, self.layout, self.after, self.x_shape, self._torch = spec, layout, after, x.shape, x.dtype
        self._dtype = DTYPES[x.dtype]
        self.tensors = {k: None if t is None else t.detach().contiguous() for k, t in tensors.items()}
        normed = tensors["norm_hh"] is not None
        self.sizes = sizes_of(weight.shape[1], x.shape[-1], normed, self._dtype)
        norm_c, dropout = tensors["norm_c"] is not None, tensors["dropout"] is not None
        self._memory = memory_of(spec, layout, self.sizes, self._dtype, norm_c, dropout)
        # h_t is h_{t-1} of the next step, so the output may be a view of hp, one step on; not where the two differ.
        in_step = after > 0 and layout.equal and tensors["fresh"] is None
        self._shared = in_step and self.sizes.padded == self.sizes.hidden and not apart
        self._numbers: dict[str, int] = {}

    @property
    def _operations(self) -> float:
        """Floating-point operations of the forward pass, about."""
        sizes = self.sizes
        return 2.0 * self.layout.total * sizes.hidden * self.spec.blocks * (sizes.hidden + sizes.width)

    def forward(self) -> tuple[Tensor, list[Tensor]]:
        """Output [T, B, H] and final states [B, H]; what the steps leave is kept for `backward` and for a tape."""
        memory, item = self._memory, self._dtype.itemsize
        self.kept, self.states = Arena(memory.kept), Arena(memory.states)
        self._output = self.states if self._shared else Arena(memory.output)
        addresses = self.kept.addresses | self.states.addresses | self._output.addresses
        if self._shared:
            addresses["out"] = addresses["hp"] + self.layout.batch * self.sizes.padded * item
        self.use(addresses)
        output = self.output()  # made before the steps run: they leave nothing of Python in the cache
        return output, self.run_forward()

    def use(self, addresses: dict[str, int]) -> None:
        """Where hp, out and what is kept besides are: written by the forward pass, read by the backward pass."""
        numbers = self._numbers = self._memory.numbers | addresses
        numbers.update(after=self.after, shared=self._shared)
        for name, tensor in self.tensors.items():
            numbers[name] = 0 if tensor is None else tensor.data_ptr()

    def run_forward(self) -> list[Tensor]:
        """All steps, in the memory that `use` named; the final states [B, H]."""
        scratch, like, size = Arena(self._memory.forward), _LIKE[self._dtype], (self.layout.batch, self.sizes.hidden)
        final = [torch.empty(size, dtype=self._torch) for _ in range(1 + self.spec.has_c)]
        ends = {name: end.data_ptr() for name, end in zip(("final_h", "final_c"), final, strict=False)}
        table = record(self._numbers | ends | scratch.addresses)
        set_up_forward(table, like)
        for_each(lambda first, last: forward(table, like, first, last), self.layout.numbers["slices"], self._operations)
        return final

    def output(self) -> Tensor:
        """[T, B, H], of the same memory at every call."""
        name, start = ("hp", self.layout.batch * self.sizes.padded) if self._shared else ("out", 0)
        shape = self.layout.steps, self.layout.batch, self.sizes.hidden
        return torch.from_numpy(self._output.array(name, start).reshape(shape))  # torch's own view would forbid more

    def backward(
        self, given: tuple[Tensor | None, ...], needed: dict[str, bool], keep: bool
    ) -> tuple[dict[str, Tensor], Arena | None]:
        """From the derivatives of the output and the final h and c to those of what is needed, by name; and, where
        they shall be kept, the total derivatives of every state."""
        memory, found = self._memory, dict[str, Tensor]()
        scratch, derivatives = Arena(memory.backward), Arena(memory.derivatives) if keep else None
        weights = any(needed[name] for name in PARAMETERS)
        numbers = self._numbers | scratch.addresses
        numbers.update(derivatives.addresses if derivatives else {}, weights_wanted=weights)
        given = tuple(None if g is None else g.contiguous() for g in given)
        for name, g in zip(("g", "gh", "gc"), given, strict=False):
            numbers[name] = 0 if g is None else g.data_ptr()
        for name, field, like in self._targets(needed):
            found[name] = torch.empty_like(like)
            numbers[field] = found[name].data_ptr()
        if needed["x"]:
            of_x = Arena(memory.of_x)
            numbers.update(of_x.addresses, x_wanted=True)
            found["x"] = torch.from_numpy(of_x.array("dx").reshape(self.x_shape))
        self._run_backward(record(numbers), weights)
        return found, derivatives

    def _targets(self, needed: dict[str, bool]) -> list[tuple[str, str, Tensor]]:
        """Name, field of the record, and the tensor whose shape the derivative has. x is done separately."""
        fields = [("h0", "dh0"), ("c0", "dc0"), *((name, f"d_{name}") for name in PARAMETERS)]
        return [(name, field, t) for name, field in fields if needed[name] and (t := self.tensors[name]) is not None]

    def _run_backward(self, table: Any, weights: bool) -> None:
        like = _LIKE[self._dtype]
        set_up_backward(table, like)
        slices = self.layout.numbers["slices"]
        for_each(lambda first, last: backward(table, like, first, last), slices, 2 * self._operations)
        if weights:  # else there is nothing to add up
            finish_backward(table, like)
