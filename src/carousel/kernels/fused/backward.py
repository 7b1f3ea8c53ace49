"""The derivatives of one slice, back through all of time: the order of the work, without any equation.

Steps are taken in chunks. The derivatives `d` of a chunk's preactivations are still in the cache when the gradients
of the weights and of x are summed from them, and no array of all of them is ever written. Slices and chunks depend on
shapes alone and the sums of the slices are added in order, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from carousel.kernels.fused.chunk import give_dx, sum_weights
from carousel.kernels.fused.codes import GRU
from carousel.kernels.fused.compiling import inner, outermost
from carousel.kernels.fused.matrix import product
from carousel.kernels.fused.norm import normalise_backward
from carousel.kernels.fused.places import copy, count_at, find_outputs, find_previous, leave
from carousel.kernels.fused.step_back import step_back


@inner
def _cut(scratch, rows, most, a_ld, b_ld, columns, padded, lanes, normed):
    """One scratch array in parts; rows of d are a cache line longer than they need, to fall on different sets."""
    d_size, state = rows * (a_ld + lanes), most * padded
    d, rest = scratch[:d_size], scratch[d_size:]
    dv, rest = (rest[:d_size], rest[d_size:]) if normed else (rest[:0], rest)
    seen, rest = rest[: rows * b_ld], rest[rows * b_ld :]
    found, rest = rest[: rows * columns], rest[rows * columns :]
    states = rest[:state], rest[state : 2 * state], rest[2 * state : 3 * state], rest[3 * state : 4 * state]
    return d, dv, seen, found, states


@inner
def _rows_between(start, b0, most, low, high):
    """True steps of the slice's sequences in [low, high)."""
    held = 0
    for t in range(low, high):
        held += count_at(start, b0, most, t)
    return held


@inner
def _finish(code, most, sizes, b0, order, states, dh0, dc0):
    """What has reached the initial states. A GRU's h was carried on two ways."""
    hidden, padded, _ = sizes
    carry_h, carry_s, _, _ = states
    if code == GRU:
        for j in range(most * padded):
            carry_h[j] += carry_s[j]
    for r in range(most):
        copy(carry_h, r * padded, hidden, dh0, order[b0 + r] * hidden, hidden)
        copy(carry_s, r * padded, hidden, dc0, order[b0 + r] * hidden, hidden)


@outermost
def backward(
    cell, sizes, where, start, order, fresh, drop, x, x_order, given, w_b, w_dx, zeros, norms, kept,
    scratch, dh, dc_kept, sums, dx, dh0, dc0,
):  # fmt: skip
    """All steps of one slice, last first. Empty arrays stand for what was not given or is not wanted.

    given: derivatives of output, final h, final c. norms: gain of the product, gain and bias of c. kept: see
    `arrays.Kept`. sums: dw, dbv, dgain, dgain_m, dbias_m.
    """
    code, blocks, _, h_first = cell
    hidden, padded, lanes = sizes
    after, batch, _, total, b0, most, inputs, columns, chunk = where
    (g, gh, gc), (v, v_scale, _, _, _, hp, c, _), gain = given, kept, norms[0]
    steps, a_ld, depth, h_at = len(start) - 1, blocks * padded, (blocks - h_first) * padded, h_first * padded
    d_ld, normed = a_ld + lanes, len(norms[0]) > 0
    prev_at, out_at = np.empty(most, np.int64), np.empty(most, np.int64)
    parts = _cut(scratch, most * chunk, most, a_ld, padded + inputs + lanes, columns, padded, lanes, normed)
    d, dv, seen, found, states = parts
    dv = dv if normed else d[h_at:]
    for r in range(most):
        copy(gh, order[b0 + r] * hidden, hidden, states[0], r * padded, padded)
        copy(gc, order[b0 + r] * hidden, hidden, states[1], r * padded, padded)
    for done in range(0, steps, chunk):
        many = min(chunk, steps - done)
        low = steps - done - many if after > 0 else done  # the chunk's first step in time
        held = _rows_between(start, b0, most, low, low + many)
        row = held if after > 0 else 0
        for k in range(many):
            t = low + many - 1 - k if after > 0 else low + k
            count, n = count_at(start, b0, most, t), start[t] + b0
            row -= count if after > 0 else 0
            at = row * d_ld
            find_outputs(t, count, b0, order, batch, hidden, out_at)
            if len(c):
                find_previous(t, after, count, start, total, b0, most, order, fresh, batch, padded, prev_at)
            step_back(
                code, blocks, count, n, sizes, norms, kept, g, prev_at, out_at, states, d, at, d_ld, dh, dc_kept, sums
            )
            if normed:
                normalise_backward(
                    count, blocks - h_first, hidden, padded, gain, d, at + h_at, d_ld, v, n * depth, v_scale, n,
                    dv, at, d_ld, sums[2],
                )  # fmt: skip
            product(zeros, 0, 0, dv, at, d_ld, depth, w_b, 0, states[0], 0, padded, count, padded, lanes)
            leave(t, count, b0, order, fresh, drop, batch, padded, states[0], states[1])
            row += count if after < 0 else 0
        sum_weights(
            cell, sizes, where, low, many, held, start, order, drop, x, hp, normed, d, dv, seen, sums[0], sums[1]
        )
        if len(dx):
            give_dx(cell, sizes, where, low, many, held, start, order, x_order, normed, zeros, w_dx, d, found, dx)
    _finish(code, most, sizes, b0, order, states, dh0, dc0)
