"""What both sweeps of the Triton kernel share: tiles [rows of the batch, units], their loads, products, functions.

Products run on the matrix units as three of TF32, which together carry float32's digits (docs/kernels.md).
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def sigmoid(x):
    """1 / (1 + e^-x)."""
    return 1 / (1 + tl.exp(-x))


@triton.jit
def tanh(x):
    """Of |x|, without overflow, with x's sign."""
    e = tl.exp(-2 * tl.abs(x))
    y = (1 - e) / (1 + e)
    return tl.where(x < 0, -y, y)


@triton.jit
def load_tile(p, rows, columns, ld, B, H: tl.constexpr):
    """p[rows, columns] of a matrix with `ld` numbers a row; 0 outside of B and H."""
    inside = (rows < B)[:, None] & (columns < H)[None, :]
    return tl.load(p + rows[:, None] * ld + columns[None, :], mask=inside, other=0.0)


@triton.jit
def store_tile(p, value, rows, columns, ld, B, H: tl.constexpr):
    """p[rows, columns] = value, inside of B and H."""
    inside = (rows < B)[:, None] & (columns < H)[None, :]
    tl.store(p + rows[:, None] * ld + columns[None, :], value, mask=inside)


@triton.jit
def of_state(
    h, fresh, drop, weight, block: tl.constexpr, rows, columns, B, H: tl.constexpr, HAS_DROP: tl.constexpr,
    ROWS: tl.constexpr, UNITS: tl.constexpr,
):  # fmt: skip
    """U h of one block of gates: weight[block * H + column, :] . h[row, :], h = 0 where it is fresh."""
    found = tl.zeros((ROWS, UNITS), tl.float32)
    for first in range(0, H, UNITS):
        k = first + tl.arange(0, UNITS)
        left = tl.where(fresh[:, None], 0.0, load_tile(h, rows, k, H, B, H))
        if HAS_DROP:
            left *= load_tile(drop, rows, k, H, B, H)
        inside = (k < H)[:, None] & (columns < H)[None, :]
        right = tl.load(weight + (block * H + columns)[None, :] * H + k[:, None], mask=inside, other=0.0)
        found += tl.dot(left, right, input_precision="tf32x3")
    return found


@triton.jit
def to_state(
    d, ld, weight, BLOCKS: tl.constexpr, rows, columns, B, H: tl.constexpr, ROWS: tl.constexpr, UNITS: tl.constexpr
):
    """d U: the sum over all blocks of d[row, block, :] . weight[block * H + :, column]."""
    found = tl.zeros((ROWS, UNITS), tl.float32)
    for block in tl.static_range(BLOCKS):
        for first in range(0, H, UNITS):
            k = first + tl.arange(0, UNITS)
            left = load_tile(d + block * H, rows, k, ld, B, H)
            inside = (k < H)[:, None] & (columns < H)[None, :]
            right = tl.load(weight + (block * H + k)[:, None] * H + columns[None, :], mask=inside, other=0.0)
            found += tl.dot(left, right, input_precision="tf32x3")
    return found
