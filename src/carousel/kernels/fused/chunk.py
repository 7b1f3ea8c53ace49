"""What is summed from a chunk of steps while its derivatives are in the cache: gradients of the weights and of x."""

from __future__ import annotations

from carousel.kernels.fused.compiling import inner
from carousel.kernels.fused.matrix import add_rows, outer, product
from carousel.kernels.fused.places import copy, count_at, fill, thin


@inner
def _gather(low, many, start, b0, most, order, drop, batch, width, inputs, x, hp, padded, b_ld, seen):
    """A chunk's h_{t-1} as the product saw it, its x, and a 1 for the bias, row under row."""
    row = 0
    for t in range(low, low + many):
        count = count_at(start, b0, most, t)
        thin(count, b0, order, drop, hp, (start[t] + b0) * padded, seen, row * b_ld, b_ld, padded)
        for r in range(count if inputs else 0):
            at = (row + r) * b_ld + padded
            copy(x, (t * batch + order[b0 + r]) * width, width, seen, at, inputs)
            seen[at + width] = 1
        row += count


@inner
def _weights(cell, padded, lanes, inputs, held, d, d_ld, seen, b_ld, dw):
    """dw[blocks, padded, padded + inputs] += d.T @ (h_{t-1}, x, 1), each block with what reaches it."""
    _, blocks, x_blocks, h_first = cell
    width, rows_h, rows_x = padded + inputs, h_first * padded, x_blocks * padded
    outer(d, rows_h, d_ld, seen, 0, b_ld, held, dw, rows_h * width, width, rows_x - rows_h, width, lanes)
    if h_first:
        outer(d, 0, d_ld, seen, padded, b_ld, held, dw, padded, width, rows_h, inputs, lanes)
    if blocks > x_blocks:
        rows = (blocks - x_blocks) * padded
        outer(d, rows_x, d_ld, seen, 0, b_ld, held, dw, rows_x * width, width, rows, padded, lanes)


@inner
def _scatter(low, many, start, b0, most, order, batch, width, columns, found, dx):
    """The derivatives of x from a chunk's rows to the caller's array; 0 at padding."""
    row = 0
    for t in range(low, low + many):
        count = count_at(start, b0, most, t)
        for r in range(count):
            copy(found, (row + r) * columns, width, dx, (t * batch + order[b0 + r]) * width, width)
        for r in range(count, most):
            fill(dx, (t * batch + order[b0 + r]) * width, width)
        row += count


@inner
def _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx):
    """The same where x was W x + b: its derivatives are those of the preactivations."""
    hidden, padded, _ = sizes
    row = 0
    for t in range(low, low + many):
        count = count_at(start, b0, most, t)
        for r in range(most):
            at = (t * batch + order[b0 + r]) * width
            if r >= count:
                fill(dx, at, width)
                continue
            for b in range(x_blocks):
                copy(d, (row + r) * d_ld + b * padded, hidden, dx, at + x_order[b] * hidden, hidden)
        row += count


@inner
def sum_weights(cell, sizes, where, low, many, held, start, order, drop, x, hp, normed, d, dv, seen, dw, dbv):
    """The chunk's part of the gradients of both weights and of the biases."""
    _, blocks, x_blocks, h_first = cell
    _, padded, lanes = sizes
    _, batch, width, _, b0, most, inputs, _, _ = where
    d_ld, b_ld = blocks * padded + lanes, padded + inputs + lanes
    if len(dw):
        _gather(low, many, start, b0, most, order, drop, batch, width, inputs, x, hp, padded, b_ld, seen)
    if len(dw) and normed:
        depth = (blocks - h_first) * padded
        outer(dv, 0, d_ld, seen, 0, b_ld, held, dw, h_first * padded * padded, padded, depth, padded, lanes)
    elif len(dw):
        _weights(cell, padded, lanes, inputs, held, d, d_ld, seen, b_ld, dw)
    if len(dbv):
        add_rows(d, x_blocks * padded, d_ld, held, dbv, (blocks - x_blocks) * padded)


@inner
def give_dx(cell, sizes, where, low, many, held, start, order, x_order, normed, zeros, w_dx, d, found, dx):
    """The chunk's derivatives of x."""
    _, blocks, x_blocks, _ = cell
    _, padded, lanes = sizes
    _, batch, width, _, b0, most, _, columns, _ = where
    d_ld = blocks * padded + lanes
    if normed:
        _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx)
    else:
        product(zeros, 0, 0, d, 0, d_ld, x_blocks * padded, w_dx, 0, found, 0, columns, held, columns, lanes)
        _scatter(low, many, start, b0, most, order, batch, width, columns, found, dx)
