"""The equations of the LSTM and its variants and their derivatives, over registers.

Each is in two parts, since layer normalisation acts between them: gates and c, then h from m, which is c or its
normalised form.
"""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inlined, inner
from carousel.nn.kernels.numba.jit.functions import sigmoid, tanh
from carousel.nn.kernels.numba.jit.hidden_io import hidden_gradient, store_hidden
from carousel.nn.kernels.numba.jit.load_store import fetch, load, put, store, stream

FULL, OF_1997, COUPLED = 0, 1, 2  # blocks: i f g o | i g o | f g o


def _make(variant: int):
    blocks = 4 if variant == FULL else 3

    @inlined
    def gates(rows, sizes, pre, a, a_at, state, c, c_at, far):
        """i, f, o = sigma(a), g = tanh(a), c = f c + i g; `state` holds c_{t-1}, then c_t."""
        _, padded, lanes = sizes
        to_g, to_o = (blocks - 2) * padded, (blocks - 1) * padded
        for r in range(rows):
            for j in range(0, padded, lanes):
                p = r * blocks * padded + j
                first, g, o = sigmoid(load(pre, p)), tanh(load(pre, p + to_g)), sigmoid(load(pre, p + to_o))
                c_prev = load(state, r * padded + j)
                if variant == FULL:
                    i, f = first, sigmoid(load(pre, p + padded))
                    put(a, a_at + p + padded, f, far)
                    c_t = f * c_prev + i * g
                elif variant == OF_1997:
                    c_t = c_prev + first * g
                else:
                    c_t = first * c_prev + (1.0 - first) * g
                put(a, a_at + p, first, far)
                put(a, a_at + p + to_g, g, far)
                put(a, a_at + p + to_o, o, far)
                store(pre, p + to_o, o)
                store(state, r * padded + j, c_t)
                put(c, c_at + r * padded + j, c_t, far)

    @inlined
    def gates_backward(rows, sizes, a, a_at, c, prev_at, carry_c, kept, kept_at, d, d_at, d_ld, ahead):
        """Each gate's derivative times that of its nonlinearity; dc is kept where it is wanted, dc f is carried to the
        step before. ahead: rows to those of the next step, which are fetched meanwhile."""
        _, padded, lanes = sizes
        to_g = (blocks - 2) * padded
        for r in range(rows):
            for j in range(0, padded, lanes):
                p, e = a_at + r * blocks * padded + j, d_at + r * d_ld + j
                first, g = load(a, p), load(a, p + to_g)
                c_prev, dc_t = load(c, prev_at[r] + j), load(carry_c, r * padded + j)
                for block in range(blocks):
                    fetch(a, p + (ahead * blocks + block) * padded)
                fetch(c, prev_at[r] + j + ahead * padded)
                if len(kept):
                    stream(kept, kept_at + r * padded + j, dc_t)
                if variant == FULL:
                    i, f = first, load(a, p + padded)
                    store(d, e, dc_t * g * i * (1.0 - i))
                    store(d, e + padded, dc_t * c_prev * f * (1.0 - f))
                    store(carry_c, r * padded + j, dc_t * f)
                elif variant == OF_1997:
                    i = first
                    store(d, e, dc_t * g * i * (1.0 - i))
                    store(carry_c, r * padded + j, dc_t)
                else:
                    i, f = 1.0 - first, first
                    store(d, e, dc_t * (c_prev - g) * f * (1.0 - f))
                    store(carry_c, r * padded + j, dc_t * f)
                store(d, e + to_g, dc_t * i * (1.0 - g * g))

    return gates, gates_backward


lstm_gates, lstm_gates_backward = _make(FULL)
lstm_1997_gates, lstm_1997_gates_backward = _make(OF_1997)
coupled_gates, coupled_gates_backward = _make(COUPLED)


@inlined
def output_gate(rows, sizes, blocks, pre, m, state, hp, next_at, out, out_at, far):
    """h = o tanh(m); pre: where `gates` has left o."""
    hidden, padded, lanes = sizes
    for r in range(rows):
        for j in range(0, padded, lanes):
            o = load(pre, (r * blocks + blocks - 1) * padded + j)
            h = o * tanh(load(m, r * padded + j))
            store_hidden(h, state, r * padded + j, hp, next_at[r] + j, out, out_at[r] + j, hidden - j, lanes, far)


@inner
def output_gate_backward(
    rows, sizes, blocks, a, a_at, m, m_at, carry_h, carry_c, g, out_at, d, d_at, d_ld, dm, dh, dh_at
):  # fmt: skip
    """dm = dh o (1 - tanh^2 m), plus what is carried (given where m is c); do = dh tanh m."""
    hidden, padded, lanes = sizes
    for r in range(rows):
        for j in range(0, padded, lanes):
            o = load(a, a_at + (r * blocks + blocks - 1) * padded + j)
            tanh_m = tanh(load(m, m_at + r * padded + j))
            dh_t = hidden_gradient(load(carry_h, r * padded + j), g, out_at[r] + j, hidden - j, lanes)
            dm_t = dh_t * o * (1.0 - tanh_m * tanh_m)
            if len(carry_c):
                dm_t = dm_t + load(carry_c, r * padded + j)
            store(dm, r * padded + j, dm_t)
            store(d, d_at + r * d_ld + (blocks - 1) * padded + j, dh_t * tanh_m * o * (1.0 - o))
            if len(dh):
                stream(dh, dh_at + r * padded + j, dh_t)
