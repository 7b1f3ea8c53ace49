"""The derivatives of one slice, back through all of time: the order of the work, without any equation.

Steps are taken in chunks. The derivatives `d` of a chunk's preactivations are still in the cache when the gradients of
the weights and of x are summed from them, and no array of all of them is ever written. Slices and chunks depend on shapes
alone and the sums of the slices are added in order, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from carousel.kernels.fused.compiling import inner, outermost
from carousel.kernels.fused.elman import relu_backward, tanh_backward
from carousel.kernels.fused.forward import ELMAN_RELU, ELMAN_TANH, GRU, LSTM, LSTM_1997
from carousel.kernels.fused.gru import gru_backward
from carousel.kernels.fused.lstm import (
    coupled_gates_backward,
    lstm_1997_gates_backward,
    lstm_gates_backward,
    show_backward,
)
from carousel.kernels.fused.matrix import add_rows, outer, product
from carousel.kernels.fused.norm import apply_gain, normalise_backward
from carousel.kernels.fused.places import copy, count_at, fill, find_places, leave, thin


@inner
def _gates(code, rows, sizes, a, a_at, c, prev_at, dc, dc_at, carry_c, d, d_at, d_ld):  # type: ignore[no-untyped-def]
    if code == LSTM:
        lstm_gates_backward(rows, sizes, a, a_at, c, prev_at, dc, dc_at, carry_c, d, d_at, d_ld)
    elif code == LSTM_1997:
        lstm_1997_gates_backward(rows, sizes, a, a_at, c, prev_at, dc, dc_at, carry_c, d, d_at, d_ld)
    else:
        coupled_gates_backward(rows, sizes, a, a_at, c, prev_at, dc, dc_at, carry_c, d, d_at, d_ld)


@inner
def _through_norm(rows, n, sizes, m, m_scale, gain_m, dm, carry_c, dc, dc_at, dgain_m, dbias_m):  # type: ignore[no-untyped-def]
    """dc from the derivative of the normalised c, and the gradients of its gain and bias."""
    hidden, padded, _ = sizes
    add_rows(dm, 0, padded, rows, dbias_m, padded)
    normalise_backward(
        rows, 1, hidden, padded, gain_m, dm, 0, padded, m, n * padded, m_scale, n, dc, dc_at, padded, dgain_m
    )
    for j in range(rows * padded):
        dc[dc_at + j] += carry_c[j]


@inner
def _gather(low, many, start, b0, most, order, drop, batch, width, inputs, x, hp, padded, b_ld, seen):  # type: ignore[no-untyped-def]
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
def _weights(cell, padded, lanes, inputs, held, d, d_ld, seen, b_ld, dw):  # type: ignore[no-untyped-def]
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
def _scatter(low, many, start, b0, most, order, batch, width, columns, found, dx):  # type: ignore[no-untyped-def]
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
def _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx):  # type: ignore[no-untyped-def]
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


@outermost
def backward(
    cell, sizes, where, start, order, fresh, drop, x, x_order, g, gh, gc, w_b, w_dx, zeros,
    gain, gain_m, bias_m, v, v_scale, m, m_scale, a, hp, c, out,
    scratch, dh, dc_kept, dw, dbv, dgain, dgain_m, dbias_m, dx, dh0, dc0,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """All steps of one slice, last first. Empty arrays stand for what was not given or is not wanted."""
    code, blocks, x_blocks, h_first = cell
    hidden, padded, lanes = sizes
    after, batch, width, total, b0, most, inputs, columns, chunk = where
    steps, a_ld = len(start) - 1, blocks * padded
    d_ld, b_ld, depth, h_at = a_ld + lanes, padded + inputs + lanes, (blocks - h_first) * padded, h_first * padded
    rows = most * chunk
    next_at, prev_at, out_at = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    # One scratch array, cut up: rows are a cache line longer than they need, so that they do not fall on the same sets.
    d, scratch = scratch[: rows * d_ld], scratch[rows * d_ld :]
    dv, scratch = (scratch[: rows * d_ld], scratch[rows * d_ld :]) if len(gain) else (d[h_at:], scratch)
    seen, scratch = scratch[: rows * b_ld], scratch[rows * b_ld :]
    found, scratch = scratch[: rows * columns], scratch[rows * columns :]
    size = most * padded
    carry_h, carry_s, dm, shown = (
        scratch[:size],
        scratch[size : 2 * size],
        scratch[2 * size : 3 * size],
        scratch[3 * size : 4 * size],
    )
    for r in range(most):
        copy(gh, order[b0 + r] * hidden, hidden, carry_h, r * padded, padded)
        copy(gc, order[b0 + r] * hidden, hidden, carry_s, r * padded, padded)
    for done in range(0, steps, chunk):
        many = min(chunk, steps - done)
        low = steps - done - many if after > 0 else done  # the chunk's first step in time
        held = 0
        for t in range(low, low + many):
            held += count_at(start, b0, most, t)
        row = held if after > 0 else 0
        for k in range(many):
            t = low + many - 1 - k if after > 0 else low + k
            count, n = count_at(start, b0, most, t), start[t] + b0
            if count == 0:
                continue
            if after > 0:
                row -= count
            find_places(t, after, start, total, b0, most, order, fresh, batch, sizes, next_at, prev_at, out_at)
            at = row * d_ld
            if code == ELMAN_TANH:
                tanh_backward(count, sizes, out, carry_h, g, out_at, d, at, d_ld, dh, n * padded)
            elif code == ELMAN_RELU:
                relu_backward(count, sizes, out, carry_h, g, out_at, d, at, d_ld, dh, n * padded)
            elif code == GRU:
                gru_backward(
                    count, sizes, a, n * a_ld, hp, n * padded, carry_h, carry_s, g, out_at, d, at, d_ld, dh, n * padded
                )
            else:
                dc, dc_at = (dc_kept, n * padded) if len(dc_kept) else (carry_s, 0)
                if len(gain_m):
                    apply_gain(count, padded, gain_m, bias_m, m, n * padded, shown, padded, False)
                    show_backward(
                        count, sizes, blocks, a, n * a_ld, shown, 0, carry_h, zeros[:0], g, out_at,
                        d, at, d_ld, dm, 0, dh, n * padded,
                    )  # fmt: skip
                    _through_norm(count, n, sizes, m, m_scale, gain_m, dm, carry_s, shown, 0, dgain_m, dbias_m)
                    for j in range(count * padded):
                        dc[dc_at + j] = shown[j]
                else:
                    show_backward(
                        count, sizes, blocks, a, n * a_ld, c, n * padded, carry_h, carry_s, g, out_at,
                        d, at, d_ld, dc, dc_at, dh, n * padded,
                    )  # fmt: skip
                _gates(code, count, sizes, a, n * a_ld, c, prev_at, dc, dc_at, carry_s, d, at, d_ld)
            if len(gain):
                blocks_h = blocks - h_first
                normalise_backward(
                    count,
                    blocks_h,
                    hidden,
                    padded,
                    gain,
                    d,
                    at + h_at,
                    d_ld,
                    v,
                    n * depth,
                    v_scale,
                    n,
                    dv,
                    at,
                    d_ld,
                    dgain,
                )
            product(zeros, 0, 0, dv, at, d_ld, depth, w_b, 0, carry_h, 0, padded, count, padded, lanes)
            leave(t, count, b0, order, fresh, drop, batch, padded, carry_h, carry_s)
            if after < 0:
                row += count
        if held == 0:
            continue
        if len(dw):
            _gather(low, many, start, b0, most, order, drop, batch, width, inputs, x, hp, padded, b_ld, seen)
        if len(dw) and len(gain):
            outer(dv, 0, d_ld, seen, 0, b_ld, held, dw, h_at * padded, padded, depth, padded, lanes)
        elif len(dw):
            _weights(cell, padded, lanes, inputs, held, d, d_ld, seen, b_ld, dw)
        if len(dbv):
            add_rows(d, x_blocks * padded, d_ld, held, dbv, (blocks - x_blocks) * padded)
        if len(dx) and len(gain):
            _scatter_blocks(low, many, start, b0, most, order, batch, width, sizes, x_blocks, x_order, d, d_ld, dx)
        elif len(dx):
            product(zeros, 0, 0, d, 0, d_ld, x_blocks * padded, w_dx, 0, found, 0, columns, held, columns, lanes)
            _scatter(low, many, start, b0, most, order, batch, width, columns, found, dx)
    for r in range(most):
        if code == GRU:
            for j in range(padded):
                carry_h[r * padded + j] += carry_s[r * padded + j]
        copy(carry_h, r * padded, hidden, dh0, order[b0 + r] * hidden, hidden)
        copy(carry_s, r * padded, hidden, dc0, order[b0 + r] * hidden, hidden)
