"""One slice of the batch through all of time: the order of the work, without any equation.

A slice holds `most` sequences from b0 on, in order of length, longest first, so that at step t the first `count` of
them are running. Row n = start[t] + b0 + r of an internal array belongs to step t and the r-th sequence of the slice;
padding has no row. Internal arrays are flat, with H rounded up to whole registers (`padded`); those of the caller are
[T, B, .] and not padded; `order[b]` is a sequence's place in the caller's batch. The slice's current h and c are in
`state_h` and `state_c` [most, padded]. What the backward pass will read, N rows in all:

    a   [N, blocks, padded]    the gates (nothing for an Elman cell, whose output says it all)
    hp  [N + B, padded]        h_{t-1}, 0 at a fresh start; rows N + b: the final h
    c   [N + B + 1, padded]    an LSTM's c_t; rows N + b: the initial c; the last row: 0
    v, v_scale, m, m_scale     with layer normalisation: normalised product [N, h_blocks, padded] and c [N, padded]
"""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.args import (
    cell_of,
    kept_of,
    layout_of,
    orders_of,
    packed_of,
    sizes_of,
    states_of,
    vectors_of,
)
from carousel.nn.kernels.numba.jit.codes import ELMAN_RELU, ELMAN_TANH, GRU, LSTM, LSTM_1997
from carousel.nn.kernels.numba.jit.compilation import inlined, inner, outermost
from carousel.nn.kernels.numba.jit.elman import relu_forward, tanh_forward
from carousel.nn.kernels.numba.jit.gru import gru_forward
from carousel.nn.kernels.numba.jit.indexing import (
    apply_dropout,
    begin,
    count_at,
    fill,
    find_next,
    find_outputs,
    rounded_up,
    start_anew,
)
from carousel.nn.kernels.numba.jit.layer_norm import apply_gain, normalise
from carousel.nn.kernels.numba.jit.load_store import give_row, take_row
from carousel.nn.kernels.numba.jit.lstm import coupled_gates, lstm_1997_gates, lstm_gates, output_gate
from carousel.nn.kernels.numba.jit.matrix import product, product_of_both
from carousel.nn.kernels.numba.jit.pass_record import integers, reals
from carousel.nn.kernels.numba.jit.setup import set_up_forward


@inlined
def _gates(code, rows, sizes, pre, a, a_at, state, c, c_at, far):
    if code == LSTM:
        lstm_gates(rows, sizes, pre, a, a_at, state, c, c_at, far)
    elif code == LSTM_1997:
        lstm_1997_gates(rows, sizes, pre, a, a_at, state, c, c_at, far)
    else:
        coupled_gates(rows, sizes, pre, a, a_at, state, c, c_at, far)


@inlined
def _products(t, count, b0, cell, sizes, order, batch, width, x, weights, xs, h, pre):
    """pre = W x + U h + b: in blocks that only x reaches, in those that both reach, in those that only h does."""
    _, blocks, x_blocks, h_first = cell
    hidden, padded, lanes = sizes
    w_x, w_b, w_h, bias, bias_v = weights
    ld, x_ld = blocks * padded, rounded_up(width, lanes)
    only_x, both, only_h = h_first * padded, (x_blocks - h_first) * padded, (blocks - x_blocks) * padded
    for r in range(count):
        take_row(x, (t * batch + order[b0 + r]) * width, width, xs, r * x_ld, x_ld, lanes)
    if only_x:
        product(bias, 0, 0, xs, 0, x_ld, width, w_x, 0, pre, 0, ld, count, only_x, lanes)
    product_of_both(
        bias, only_x, 0, xs, 0, x_ld, width, h, 0, padded, hidden, w_b, 0, pre, only_x, ld, count, both, lanes
    )
    if only_h:
        product(bias_v, 0, 0, h, 0, padded, hidden, w_h, 0, pre, only_x + both, ld, count, only_h, lanes)


@inlined
def _given_input(t, count, b0, p, cell, sizes, order, x, weights, pre):
    """pre = x, which already is W x + b, in torch's order of blocks; a bias of the state's own is added."""
    _, _, _, bias, bias_v = weights
    _, blocks, x_blocks, _ = cell
    hidden, padded, lanes = sizes
    x_order, _ = orders_of(p)
    for r in range(count):
        at = (t * p.batch + order[b0 + r]) * p.width
        for b in range(x_blocks):
            take_row(x, at + x_order[b] * hidden, hidden, pre, (r * blocks + b) * padded, padded, lanes)
        for j in range(x_blocks * padded):
            pre[r * blocks * padded + j] += bias[j]
        for j in range((blocks - x_blocks) * padded):
            pre[(r * blocks + x_blocks) * padded + j] = bias_v[j]


@inlined
def _add_normalised(count, n, cell, sizes, h, weights, zeros, gain, product_of, v, v_scale, pre):
    """pre += gain * normalised(U h)."""
    _, blocks, _, h_first = cell
    hidden, padded, lanes = sizes
    h_blocks = blocks - h_first
    width = h_blocks * padded
    product(zeros, 0, 0, h, 0, padded, hidden, weights[1], 0, product_of, 0, width, count, width, lanes)
    normalise(count, h_blocks, hidden, padded, product_of, 0, v, n * width, v_scale, n)
    shifted = pre[h_first * padded :]
    apply_gain(count, width, gain, zeros, v, n * width, shifted, blocks * padded, True)


@inlined
def _step(t, count, b0, p, cell, sizes, layout, given, kept, vectors, weights, scratch, places):
    """Step t of the slice's first `count` sequences."""
    code, blocks, _, _ = cell
    hidden, padded, _ = sizes
    start, order, most = layout
    x, fresh, emitted = given
    v, v_scale, m, m_scale, a, hp, c, _ = kept
    drop, gain, gain_m, bias_m, zeros = vectors
    next_at, out_at = places
    pre, product_of, seen, xs, state_h, state_c = scratch
    n, a_ld, far = start[t] + b0, blocks * padded, p.far > 0
    if len(fresh):
        start_anew(t, count, start, b0, order, fresh, p.batch, padded, hp, state_h, state_c)
    if len(drop):
        apply_dropout(count, b0, order, drop, state_h, 0, seen, 0, padded, sizes)
    h = seen if len(drop) else state_h
    if len(gain):
        _given_input(t, count, b0, p, cell, sizes, order, x, weights, pre)
        _add_normalised(count, n, cell, sizes, h, weights, zeros, gain, product_of, v, v_scale, pre)
    else:
        _products(t, count, b0, cell, sizes, order, p.batch, p.width, x, weights, xs, h, pre)
    find_outputs(t, count, b0, order, p.batch, hidden, out_at)
    find_next(t, p.after, count, start, p.total, b0, most, padded, next_at)
    if code == ELMAN_TANH:
        tanh_forward(count, sizes, pre, state_h, hp, next_at, emitted, out_at, far)
    elif code == ELMAN_RELU:
        relu_forward(count, sizes, pre, state_h, hp, next_at, emitted, out_at, far)
    elif code == GRU:
        gru_forward(count, sizes, pre, a, n * a_ld, state_h, hp, next_at, emitted, out_at, far)
    else:
        _gates(code, count, sizes, pre, a, n * a_ld, state_c, c, n * padded, far)
        shown = state_c
        if len(gain_m):
            normalise(count, 1, hidden, padded, state_c, 0, m, n * padded, m_scale, n)
            apply_gain(count, padded, gain_m, bias_m, m, n * padded, product_of, padded, False)
            shown = product_of
        output_gate(count, sizes, blocks, pre, shown, state_h, hp, next_at, emitted, out_at, far)


@inner
def _finish(p, b0, most, order, state_h, state_c, like):
    """The final states, into the caller's order."""
    final_h, final_c = reals(like, p.final_h, p.batch * p.hidden), reals(like, p.final_c, p.batch * p.hidden)
    for r in range(most):
        to = order[b0 + r] * p.hidden
        give_row(state_h, r * p.padded, final_h, to, p.hidden, p.lanes)
        if len(final_c):
            give_row(state_c, r * p.padded, final_c, to, p.hidden, p.lanes)


@inner
def _slice(p, like, k):
    """One slice through all of time."""
    cell, sizes, kept = cell_of(p), sizes_of(p), kept_of(p, like)
    (start, order, bounds), (x, h0, c0, fresh) = layout_of(p), states_of(p, like)
    bias, bias_v, drop, gain, gain_m, bias_m, zeros = vectors_of(p, like)
    w_x, w_b, w_h = packed_of(p, like)
    weights, vectors = (w_x, w_b, w_h, bias, bias_v), (drop, gain, gain_m, bias_m, zeros)
    hidden, padded, lanes = sizes
    b0, most = bounds[k], bounds[k + 1] - bounds[k]
    out, hp, c = kept[7], kept[5], kept[6]
    a_size, size, xs_size = most * p.blocks * padded, most * padded, most * rounded_up(p.width, lanes)
    rest = reals(like, p.scratch + k * p.each_forward * like.itemsize, p.each_forward)
    pre, product_of, rest = rest[:a_size], rest[a_size : 2 * a_size], rest[2 * a_size :]
    state_h, state_c, seen, rest = rest[:size], rest[size : 2 * size], rest[2 * size : 3 * size], rest[3 * size :]
    scratch = (pre, product_of, seen, rest[:xs_size], state_h, state_c)
    places = integers(p.places + k * 2 * p.most * 8, 2 * p.most)
    places_of = (places[:most], places[most:])
    begin(p.after, start, p.total, b0, most, order, sizes, h0, c0, hp, c, state_h, state_c)
    given = (x, fresh, out[:0] if p.shared else out)
    for step in range(p.steps):
        t = step if p.after > 0 else p.steps - 1 - step
        count = count_at(start, b0, most, t)
        for r in range(count, most):
            fill(out, (t * p.batch + order[b0 + r]) * hidden, hidden)
        if count:
            _step(t, count, b0, p, cell, sizes, (start, order, most), given, kept, vectors, weights, scratch, places_of)
    _finish(p, b0, most, order, state_h, state_c, like)


@outermost
def forward(table, like, first, last, low, high, starts):
    """All steps of slices low .. high of networks first .. last, a record of the table each. starts: with what stands
    before the steps, which is done once for a network."""
    for n in range(first, last):
        if starts:
            set_up_forward(table[n], like)
        for k in range(low, high):
            _slice(table[n], like, k)
