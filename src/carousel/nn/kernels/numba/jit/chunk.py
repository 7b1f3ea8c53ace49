"""What is summed from a chunk of steps while its derivatives are in the cache: gradients of the weights and of x."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.args import orders_of
from carousel.nn.kernels.numba.jit.compilation import inner
from carousel.nn.kernels.numba.jit.indexing import apply_dropout, count_at, fill, rounded_up
from carousel.nn.kernels.numba.jit.load_store import give_row, take_row
from carousel.nn.kernels.numba.jit.matrix import add_rows, outer, product
from carousel.nn.kernels.numba.jit.narrow_input import NARROW, narrow_input_gradient


@inner
def _gather(p, sizes, chunk, start, order, drop, x, hp, x_ld, seen, xs):
    """A chunk's h_{t-1} as the product saw it, row under row; and its x with a 1 for the bias, where x has weights."""
    _, padded, lanes = sizes
    low, many, _, b0, most = chunk
    row = 0
    for t in range(low, low + many):
        count = count_at(start, b0, most, t)
        apply_dropout(
            count, b0, order, drop, hp, (start[t] + b0) * padded, seen, row * (padded + lanes), padded + lanes, sizes
        )
        for r in range(count if p.inputs else 0):
            at = (row + r) * x_ld
            take_row(x, (t * p.batch + order[b0 + r]) * p.width, p.width, xs, at, x_ld, lanes)
            xs[at + p.width] = 1
        row += count


@inner
def sum_weights(p, cell, sizes, chunk, start, order, drop, x, hp, d, dv, seen, xs, sums):
    """The chunk's part of the gradients of both weights and of the biases.

    dw_h[h_blocks, padded, padded] += dv.T @ h_{t-1}; dw_x[inputs, x_blocks, padded] += (x, 1).T @ d: transposed, since
    few inputs would fill a small part of a register.
    """
    _, blocks, x_blocks, h_first = cell
    _, padded, lanes = sizes
    held, x_ld = chunk[2], rounded_up(p.inputs, lanes)
    d_ld, h_ld, of_x, of_h = blocks * padded + lanes, padded + lanes, x_blocks * padded, (blocks - h_first) * padded
    dw_h, dw_x, dbv, _, _, _ = sums
    if len(dw_h):
        _gather(p, sizes, chunk, start, order, drop, x, hp, x_ld, seen, xs)
        outer(dv, 0, d_ld, seen, 0, h_ld, held, dw_h, 0, padded, of_h, padded, lanes)
        outer(xs, 0, x_ld, d, 0, d_ld, held, dw_x, 0, of_x, p.inputs, of_x, lanes)
        add_rows(d, of_x, d_ld, held, dbv, (blocks - x_blocks) * padded, lanes)


@inner
def _scatter(low, many, start, b0, most, order, batch, width, columns, lanes, found, dx):
    """The derivatives of x from a chunk's rows to the caller's array."""
    row = 0
    for t in range(low, low + many):
        for r in range(count_at(start, b0, most, t)):
            give_row(found, row * columns, dx, (t * batch + order[b0 + r]) * width, width, lanes)
            row += 1


@inner
def _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx):
    """The same where x was W x + b: its derivatives are those of the preactivations."""
    hidden, padded, lanes = sizes
    row = 0
    for t in range(low, low + many):
        for r in range(count_at(start, b0, most, t)):
            at = (t * batch + order[b0 + r]) * width
            for b in range(x_blocks):
                give_row(d, row * d_ld + b * padded, dx, at + x_order[b] * hidden, hidden, lanes)
            row += 1


@inner
def clear_padding(t, count, b0, most, order, batch, width, dx):
    """0 where nothing runs at step t: behind the first `count` sequences of the slice."""
    for r in range(count, most):
        fill(dx, (t * batch + order[b0 + r]) * width, width)


@inner
def give_dx(p, cell, sizes, chunk, start, order, zeros, w_dx, d, found, dx):
    """The chunk's derivatives of x."""
    _, blocks, x_blocks, _ = cell
    _, padded, lanes = sizes
    low, many, held, b0, most = chunk
    d_ld, of_x, batch, width = blocks * padded + lanes, x_blocks * padded, p.batch, p.width
    for t in range(low, low + many):
        clear_padding(t, count_at(start, b0, most, t), b0, most, order, batch, width, dx)
    if p.normed:
        x_order, _ = orders_of(p)
        _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx)
    elif width <= NARROW:
        narrow_input_gradient(low, many, start, b0, most, order, batch, width, lanes, of_x, w_dx, d, d_ld, dx)
    else:
        product(zeros, 0, 0, d, 0, d_ld, of_x, w_dx, 0, found, 0, p.columns, held, p.columns, lanes)
        _scatter(low, many, start, b0, most, order, batch, width, p.columns, lanes, found, dx)
