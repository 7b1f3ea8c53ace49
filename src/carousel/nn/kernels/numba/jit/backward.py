"""The derivatives of one slice, back through all of time: the order of the work, without any equation.

Steps are taken in chunks. The derivatives `d` of a chunk's preactivations are still in the cache when the gradients
of the weights and of x are summed from them, and no array of all of them is ever written. Slices and chunks depend on
lengths alone and the sums of the slices are added in order, so the result does not depend on the number of threads.
"""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.args import (
    cell_of,
    found_of,
    given_of,
    kept_of,
    layout_of,
    sizes_of,
    states_of,
    sums_of,
    vectors_of,
)
from carousel.nn.kernels.numba.jit.chunk import clear_padding, give_dx, sum_weights
from carousel.nn.kernels.numba.jit.codes import GRU
from carousel.nn.kernels.numba.jit.compilation import inlined, inner, outermost
from carousel.nn.kernels.numba.jit.indexing import count_at, fill, find_outputs, find_previous, leave, rounded_up
from carousel.nn.kernels.numba.jit.layer_norm import normalise_backward
from carousel.nn.kernels.numba.jit.load_store import give_row, take_row
from carousel.nn.kernels.numba.jit.matrix import product
from carousel.nn.kernels.numba.jit.pass_record import integers, reals
from carousel.nn.kernels.numba.jit.setup import finish_backward, set_up_backward
from carousel.nn.kernels.numba.jit.step_back import step_back


@inner
def _cut(p, like, k, most):
    """A slice's scratch in parts; rows of d are a cache line longer than they need, to fall on different sets."""
    rows, a_ld, padded = most * p.chunk, p.blocks * p.padded, p.padded
    d_size, state, x_ld = rows * (a_ld + p.lanes), most * padded, rounded_up(p.inputs, p.lanes)
    rest = reals(like, p.scratch + k * p.each_backward * like.itemsize, p.each_backward)
    d, rest = rest[:d_size], rest[d_size:]
    dv, rest = (rest[:d_size], rest[d_size:]) if p.normed else (d[p.h_first * padded :], rest)
    h_size = rows * (padded + p.lanes)
    seen, rest = rest[:h_size], rest[h_size:]
    xs, rest = rest[: rows * x_ld], rest[rows * x_ld :]
    found, rest = rest[: rows * p.columns], rest[rows * p.columns :]
    states = rest[:state], rest[state : 2 * state], rest[2 * state : 3 * state], rest[3 * state :]
    return d, dv, seen, xs, found, states


@inner
def _rows_between(start, b0, most, low, high):
    """True steps of the slice's sequences in [low, high)."""
    held = 0
    for t in range(low, high):
        held += count_at(start, b0, most, t)
    return held


@inner
def _longest(start, b0, most, steps):
    """Steps of the slice's longest sequence. Chunks count from there, so that no sum depends on how far the caller has
    padded the batch."""
    while steps > 1 and not count_at(start, b0, most, steps - 1):
        steps -= 1
    return steps


@inner
def _take_given(p, like, most, b0, order, states):
    """What reaches the final states directly."""
    _, gh, gc = given_of(p, like)
    for r in range(most):
        at = order[b0 + r] * p.hidden
        take_row(gh, at, p.hidden, states[0], r * p.padded, p.padded, p.lanes)
        take_row(gc, at, p.hidden, states[1], r * p.padded, p.padded, p.lanes)


@inner
def _finish(p, like, most, b0, order, states):
    """What has reached the initial states, where it is wanted. A GRU's h was carried on two ways."""
    _, _, _, dh0, dc0 = found_of(p, like)
    carry_h, carry_s, _, _ = states
    if p.code == GRU:
        for j in range(most * p.padded):
            carry_h[j] += carry_s[j]
    for r in range(most):
        to = order[b0 + r] * p.hidden
        if len(dh0):
            give_row(carry_h, r * p.padded, dh0, to, p.hidden, p.lanes)
        if len(dc0):
            give_row(carry_s, r * p.padded, dc0, to, p.hidden, p.lanes)


@inlined
def _step(t, count, b0, row, p, sizes, layout, fresh, vectors, kept, g, found, w_b, parts, places, sums):
    """Step t: from the derivatives of its h (and c) to those of its preactivations, and of the step before."""
    hidden, padded, lanes = sizes
    start, order, most = layout
    drop, gain, gain_m, bias_m, zeros = vectors
    v, v_scale, _, _, _, _, c, _ = kept
    d, dv, _, _, _, states = parts
    dh, dc = found
    prev_at, out_at = places
    n, a_ld, depth = start[t] + b0, p.blocks * padded, (p.blocks - p.h_first) * padded
    at, d_ld = row * (a_ld + lanes), a_ld + lanes
    find_outputs(t, count, b0, order, p.batch, hidden, out_at)
    if len(c):
        find_previous(t, p.after, count, start, p.total, b0, most, order, fresh, p.batch, padded, prev_at)
    norms = gain, gain_m, bias_m
    ahead = start[t - p.after] + b0 - n if 0 <= t - p.after < p.steps else 0
    step_back(
        p.code, p.blocks, count, n, sizes, norms, kept, g, prev_at, out_at, states, d, at, d_ld, dh, dc, sums, ahead
    )
    if p.normed:
        normalise_backward(
            count, p.blocks - p.h_first, hidden, padded, gain, d, at + p.h_first * padded, d_ld, v, n * depth,
            v_scale, n, dv, at, d_ld, sums[3],
        )  # fmt: skip
    product(zeros, 0, 0, dv, at, d_ld, depth, w_b, 0, states[0], 0, padded, count, padded, lanes)
    leave(t, count, b0, order, fresh, drop, p.batch, sizes, states[0], states[1])


@inner
def _slice(p, like, k):
    """One slice back through all of time."""
    cell, sizes, kept, sums = cell_of(p), sizes_of(p), kept_of(p, like), sums_of(p, like, k)
    (start, order, bounds), (x, _, _, fresh) = layout_of(p), states_of(p, like)
    _, _, drop, gain, gain_m, bias_m, zeros = vectors_of(p, like)
    (g, _, _), (dh, dc, dx, _, _) = given_of(p, like), found_of(p, like)
    b0, most = bounds[k], bounds[k + 1] - bounds[k]
    parts, vectors, layout = _cut(p, like, k, most), (drop, gain, gain_m, bias_m, zeros), (start, order, most)
    d, dv, seen, xs, found, states = parts
    of_h, of_x = (p.blocks - p.h_first) * p.padded, p.x_blocks * p.padded
    w_b, w_dx = reals(like, p.w_b, of_h * p.padded), reals(like, p.w_dx, of_x)
    at = integers(p.places + k * 2 * p.most * 8, 2 * p.most)
    places = at[:most], at[most:]
    for part in sums:
        fill(part, 0, len(part))
    _take_given(p, like, most, b0, order, states)
    steps = _longest(start, b0, most, p.steps)
    for t in range(steps, p.steps if len(dx) else 0):
        clear_padding(t, 0, b0, most, order, p.batch, p.width, dx)
    for done in range(0, steps, p.chunk):
        many = min(p.chunk, steps - done)
        low = steps - done - many if p.after > 0 else done  # the chunk's first step in time
        held = _rows_between(start, b0, most, low, low + many)
        row = held if p.after > 0 else 0
        for i in range(many):
            t = low + many - 1 - i if p.after > 0 else low + i
            count = count_at(start, b0, most, t)
            row -= count if p.after > 0 else 0
            _step(t, count, b0, row, p, sizes, layout, fresh, vectors, kept, g, (dh, dc), w_b, parts, places, sums)
            row += count if p.after < 0 else 0
        chunk = low, many, held, b0, most
        sum_weights(p, cell, sizes, chunk, start, order, drop, x, kept[5], d, dv, seen, xs, sums)
        if len(dx):
            give_dx(p, cell, sizes, chunk, start, order, zeros, w_dx, d, found, dx)
    _finish(p, like, most, b0, order, states)


@outermost
def backward(table, like, first, last, low, high, starts, ends):
    """All steps of slices low .. high of networks first .. last, the last step first. starts, ends: with what stands
    before and after the steps, which is done once for a network."""
    for n in range(first, last):
        if starts:
            set_up_backward(table[n], like)
        for k in range(low, high):
            _slice(table[n], like, k)
        if ends and table[n].weights_wanted:
            finish_backward(table[n], like)
