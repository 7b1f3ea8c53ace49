"""One slice of the batch through all of time: the order of the work, without any equation.

A slice holds `most` sequences from b0 on, in order of length, longest first, so that at step t the first `count` of
them are running. Row n = start[t] + b0 + r of an internal array belongs to step t and the r-th sequence of the slice;
padding has no row. Internal arrays are flat, with H rounded up to whole registers (`padded`); those of the caller are
[T, B, .]
and not padded; `order[b]` is a sequence's place in the caller's batch. N rows in all:

    a   [N, blocks, padded]    the gates (nothing for an Elman cell, whose output says it all)
    hp  [N + B, padded]        h_{t-1}, 0 at a fresh start; rows N + b: the final h
    c   [N + B + 1, padded]    an LSTM's c_t; rows N + b: the initial c; the last row: 0
    v, v_scale, m, m_scale     with layer normalisation: normalised product [N, h_blocks, padded] and c [N, padded]
"""

from __future__ import annotations

from carousel.kernels.fused.codes import ELMAN_RELU, ELMAN_TANH, GRU, LSTM, LSTM_1997
from carousel.kernels.fused.compiling import inner, outermost
from carousel.kernels.fused.elman import relu_forward, tanh_forward
from carousel.kernels.fused.gru import gru_forward
from carousel.kernels.fused.lstm import coupled_gates, lstm_1997_gates, lstm_gates, show
from carousel.kernels.fused.matrix import product, product_of_both
from carousel.kernels.fused.memory import take_row
from carousel.kernels.fused.norm import apply_gain, normalise
from carousel.kernels.fused.places import (
    begin,
    count_at,
    fill,
    find_next,
    find_outputs,
    find_previous,
    rounded_up,
    start_anew,
    thin,
)


@inner
def _gates(code, rows, sizes, pre, a, a_at, c, c_at, prev_at):
    if code == LSTM:
        lstm_gates(rows, sizes, pre, a, a_at, c, c_at, prev_at)
    elif code == LSTM_1997:
        lstm_1997_gates(rows, sizes, pre, a, a_at, c, c_at, prev_at)
    else:
        coupled_gates(rows, sizes, pre, a, a_at, c, c_at, prev_at)


@inner
def _products(t, count, b0, cell, sizes, order, batch, width, x, weights, xs, seen, seen_at, pre):
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
        bias, only_x, 0, xs, 0, x_ld, width, seen, seen_at, padded, hidden, w_b, 0, pre, only_x, ld, count, both, lanes
    )
    if only_h:
        product(bias_v, 0, 0, seen, seen_at, padded, hidden, w_h, 0, pre, only_x + both, ld, count, only_h, lanes)


@inner
def _given_input(t, count, b0, cell, sizes, order, batch, width, x, x_order, weights, pre):
    """pre = x, which already is W x + b, in torch's order of blocks; a bias of the state's own is added."""
    _, _, _, bias, bias_v = weights
    _, blocks, x_blocks, _ = cell
    hidden, padded, lanes = sizes
    for r in range(count):
        at = (t * batch + order[b0 + r]) * width
        for b in range(x_blocks):
            take_row(x, at + x_order[b] * hidden, hidden, pre, (r * blocks + b) * padded, padded, lanes)
        for j in range(x_blocks * padded):
            pre[r * blocks * padded + j] += bias[j]
        for j in range((blocks - x_blocks) * padded):
            pre[(r * blocks + x_blocks) * padded + j] = bias_v[j]


@inner
def _add_normalised(count, n, cell, sizes, seen, seen_at, weights, zeros, gain, product_of, v, v_scale, pre):
    """pre += gain * normalised(U h)."""
    _, blocks, _, h_first = cell
    hidden, padded, lanes = sizes
    h_blocks = blocks - h_first
    width = h_blocks * padded
    product(zeros, 0, 0, seen, seen_at, padded, hidden, weights[1], 0, product_of, 0, width, count, width, lanes)
    normalise(count, h_blocks, hidden, padded, product_of, 0, v, n * width, v_scale, n)
    shifted = pre[h_first * padded :]
    apply_gain(count, width, gain, zeros, v, n * width, shifted, blocks * padded, True)


@outermost
def forward(
    cell, sizes, where, start, order, fresh, drop, x, x_order, h0, c0, weights, zeros,
    gain, gain_m, bias_m, v, v_scale, m, m_scale, a, hp, c, out, scratch, places,
):  # fmt: skip
    """All steps of one slice. Empty arrays stand for what is not given: fresh starts, dropout, states, gains.

    scratch: [most * (2 blocks * padded + padded + width in whole registers)]. places: [3 * most], int64.
    """
    code, blocks, _, _ = cell
    hidden, padded, lanes = sizes
    after, batch, width, total, b0, most, shared = where
    steps, a_ld = len(start) - 1, blocks * padded
    next_at, prev_at, out_at = places[:most], places[most : 2 * most], places[2 * most :]
    pre, product_of = scratch[: most * a_ld], scratch[most * a_ld : 2 * most * a_ld]
    seen, xs = scratch[2 * most * a_ld :], scratch[2 * most * a_ld + most * padded :]
    emitted = out[:0] if shared else out
    begin(after, start, total, b0, most, order, sizes, h0, c0, hp, c)
    for step in range(steps):
        t = step if after > 0 else steps - 1 - step
        count, n = count_at(start, b0, most, t), start[t] + b0
        for r in range(count, most):
            fill(out, (t * batch + order[b0 + r]) * hidden, hidden)
        if count == 0:
            continue
        if len(fresh):
            start_anew(t, count, start, b0, order, fresh, batch, padded, hp)
        if len(drop):
            thin(count, b0, order, drop, hp, n * padded, seen, 0, padded, sizes)
        h, h_at = (seen, 0) if len(drop) else (hp, n * padded)
        if len(gain):
            _given_input(t, count, b0, cell, sizes, order, batch, width, x, x_order, weights, pre)
            _add_normalised(count, n, cell, sizes, h, h_at, weights, zeros, gain, product_of, v, v_scale, pre)
        else:
            _products(t, count, b0, cell, sizes, order, batch, width, x, weights, xs, h, h_at, pre)
        find_outputs(t, count, b0, order, batch, hidden, out_at)
        find_next(t, after, count, start, total, b0, most, padded, next_at)
        if code == ELMAN_TANH:
            tanh_forward(count, sizes, pre, hp, next_at, emitted, out_at)
        elif code == ELMAN_RELU:
            relu_forward(count, sizes, pre, hp, next_at, emitted, out_at)
        elif code == GRU:
            gru_forward(count, sizes, pre, a, n * a_ld, hp, n * padded, next_at, emitted, out_at)
        else:
            find_previous(t, after, count, start, total, b0, most, order, fresh, batch, padded, prev_at)
            _gates(code, count, sizes, pre, a, n * a_ld, c, n * padded, prev_at)
            shown, shown_at = c, n * padded
            if len(gain_m):
                normalise(count, 1, hidden, padded, c, n * padded, m, n * padded, m_scale, n)
                apply_gain(count, padded, gain_m, bias_m, m, n * padded, product_of, padded, False)
                shown, shown_at = product_of, 0
            show(count, sizes, blocks, a, n * a_ld, shown, shown_at, hp, next_at, emitted, out_at)
