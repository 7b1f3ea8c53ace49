"""The derivatives of one slice, back through all of time: the order of the work, without any equation.

Steps are taken in chunks. The derivatives `d` of a chunk's preactivations are still in the cache when the gradients
of the weights and of x are summed from them, and no array of all of them is ever written. Slices and chunks depend on
shapes alone and the sums of the slices are added in order, so the result does not depend on the number of threads.
"""

from __future__ import annotations

from carousel.kernels.fused.chunk import give_dx, sum_weights
from carousel.kernels.fused.codes import GRU
from carousel.kernels.fused.compiling import inner, outermost
from carousel.kernels.fused.matrix import product
from carousel.kernels.fused.memory import give_row, take_row
from carousel.kernels.fused.norm import normalise_backward
from carousel.kernels.fused.places import count_at, find_outputs, find_previous, leave
from carousel.kernels.fused.step_back import step_back


@inner
def _cut(scratch, rows, most, a_ld, x_ld, columns, padded, lanes, normed):
    """One scratch array in parts; rows of d are a cache line longer than they need, to fall on different sets."""
    d_size, state = rows * (a_ld + lanes), most * padded
    d, rest = scratch[:d_size], scratch[d_size:]
    dv, rest = (rest[:d_size], rest[d_size:]) if normed else (rest[:0], rest)
    h_size = rows * (padded + lanes)
    seen, rest = rest[:h_size], rest[h_size:]
    xs, rest = rest[: rows * x_ld], rest[rows * x_ld :]
    found, rest = rest[: rows * columns], rest[rows * columns :]
    states = rest[:state], rest[state : 2 * state], rest[2 * state : 3 * state], rest[3 * state : 4 * state]
    return d, dv, seen, xs, found, states


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
    hidden, padded, lanes = sizes
    carry_h, carry_s, _, _ = states
    if code == GRU:
        for j in range(most * padded):
            carry_h[j] += carry_s[j]
    for r in range(most):
        give_row(carry_h, r * padded, dh0, order[b0 + r] * hidden, hidden, lanes)
        give_row(carry_s, r * padded, dc0, order[b0 + r] * hidden, hidden, lanes)


@outermost
def backward(
    cell, sizes, where, start, order, fresh, drop, x, x_order, given, w_b, w_dx, zeros, norms, kept,
    scratch, places, dh, dc_kept, sums, dx, dh0, dc0,
):  # fmt: skip
    """All steps of one slice, last first. Empty arrays stand for what was not given or is not wanted.

    given: derivatives of output, final h, final c. norms: gain of the product, gain and bias of c. kept: see
    `arrays.Kept`. sums: dw_h, dw_x, dbv, dgain, dgain_m, dbias_m.
    """
    code, blocks, _, h_first = cell
    hidden, padded, lanes = sizes
    after, batch, _, total, b0, most, _, x_ld, columns, chunk = where
    (g, gh, gc), (v, v_scale, _, _, _, hp, c, _), gain = given, kept, norms[0]
    steps, a_ld, depth, h_at = len(start) - 1, blocks * padded, (blocks - h_first) * padded, h_first * padded
    d_ld, normed = a_ld + lanes, len(norms[0]) > 0
    prev_at, out_at = places[:most], places[most:]
    parts = _cut(scratch, most * chunk, most, a_ld, x_ld, columns, padded, lanes, normed)
    d, dv, seen, xs, found, states = parts
    dv = dv if normed else d[h_at:]
    for r in range(most):
        take_row(gh, order[b0 + r] * hidden, hidden, states[0], r * padded, padded, lanes)
        take_row(gc, order[b0 + r] * hidden, hidden, states[1], r * padded, padded, lanes)
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
                    dv, at, d_ld, sums[3],
                )  # fmt: skip
            product(zeros, 0, 0, dv, at, d_ld, depth, w_b, 0, states[0], 0, padded, count, padded, lanes)
            leave(t, count, b0, order, fresh, drop, batch, sizes, states[0], states[1])
            row += count if after < 0 else 0
        sum_weights(cell, sizes, where, low, many, held, start, order, drop, x, hp, d, dv, seen, xs, sums)
        if len(dx):
            give_dx(cell, sizes, where, low, many, held, start, order, x_order, normed, zeros, w_dx, d, found, dx)
    _finish(code, most, sizes, b0, order, states, dh0, dc0)
