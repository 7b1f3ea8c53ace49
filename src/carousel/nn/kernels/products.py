"""A matrix product a network of a population, whose bits do not depend on its place or on how many stand beside it.

torch hands the products to a library that takes another way through a matrix which does not begin at a multiple of 64
bytes. Behind each other in memory, matrices of 34 x 9 numbers do so by turns, and every second network came out with
other last bits (measured 2026-11-30, torch 2.13.0, an AMD EPYC). So on a CPU each matrix begins at such a place here:
those that are given are moved, the result has columns to spare.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any, cast

import torch
from torch import Tensor, nn

_BYTES = 64


def products(a: Tensor, b: Tensor) -> Tensor:
    """[P, N, I] @ [P, I, O], differentiable as often as wanted, forward too, and under vmap and autocast."""
    if not a.is_cpu:
        return torch.bmm(a, b)
    if torch.is_autocast_enabled("cpu"):  # out here, so that the derivatives have the dtype of what they belong to
        a, b = (t.to(torch.get_autocast_dtype("cpu")) for t in (a, b))
    return cast(Tensor, _Products.apply(a, b))  # type: ignore[no-untyped-call]


class _Products(torch.autograd.Function):
    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        return _product(a, b)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, b = ctx.saved_tensors
        of_a, of_b = ctx.needs_input_grad
        return (
            products(grad, b.transpose(1, 2)) if of_a else None,
            products(a.transpose(1, 2), grad) if of_b else None,
        )

    @staticmethod
    def jvp(ctx: Any, along_a: Tensor | None, along_b: Tensor | None) -> Tensor:
        a, b = ctx.saved_tensors
        given = ((along_a, b), (a, along_b))
        return reduce(
            torch.add, [products(one, other) for one, other in given if one is not None and other is not None]
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Tensor) -> tuple[Tensor, int]:
        """More networks side by side."""
        many = (
            t.expand(info.batch_size, *t.shape) if at is None else t.movedim(at, 0)
            for t, at in zip(given, in_dims, strict=True)
        )
        return products(*(t.flatten(0, 1) for t in many)).unflatten(0, (info.batch_size, -1)), 0


def _product(a: Tensor, b: Tensor) -> Tensor:
    """A single pair goes twice: torch has another product for one pair than for several, whose last bits differ."""
    networks, columns = len(a), b.shape[2]
    if networks == 1:
        a, b = a.expand(2, -1, -1), b.expand(2, -1, -1)
    whole = _BYTES // a.element_size()
    step = whole // math.gcd(a.shape[1], whole)  # so many columns more, and the next result begins at such a place
    found = torch.bmm(_placed(a), _placed(_widened(b, -columns % step)))
    return found[:networks, :, :columns].contiguous()


def _widened(b: Tensor, spare: int) -> Tensor:
    """With so many columns of zeros more, the numbers in the order of memory that they had."""
    if not spare:
        return b
    if b.stride(2) == 1:
        return nn.functional.pad(b, (0, spare))
    return nn.functional.pad(b.transpose(1, 2), (0, 0, 0, spare)).transpose(1, 2)


def _placed(x: Tensor) -> Tensor:
    """The same matrices, each at a multiple of 64 bytes; itself where they are."""
    whole = _BYTES // x.element_size()
    if x.data_ptr() % _BYTES == 0 and x.stride(0) % whole == 0:
        return x
    if x.stride(2) != 1 and x.stride(1) == 1:
        return _placed(x.transpose(1, 2)).transpose(1, 2)
    size = x.shape[1] * x.shape[2]
    memory = x.new_empty(len(x), size + -size % whole)
    return memory[:, :size].view(-1, *x.shape[1:]).copy_(x)
