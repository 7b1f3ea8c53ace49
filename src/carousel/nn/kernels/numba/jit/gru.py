"""The equations of the GRU (reset after the product) and their derivatives, over registers."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inlined
from carousel.nn.kernels.numba.jit.functions import sigmoid, tanh
from carousel.nn.kernels.numba.jit.hidden_io import hidden_gradient, store_hidden
from carousel.nn.kernels.numba.jit.load_store import fetch, load, put, store, stream


@inlined
def gru_forward(rows, sizes, pre, a, a_at, state, hp, next_at, out, out_at, far):
    """n = tanh(u + r v), h = n + z (h - n); r, z = sigma(a). Blocks: u r z v in, n r z v out; v = U_n h + b'."""
    hidden, padded, lanes = sizes
    for row in range(rows):
        for j in range(0, padded, lanes):
            p, q = row * 4 * padded + j, row * padded + j
            r, z, v = sigmoid(load(pre, p + padded)), sigmoid(load(pre, p + 2 * padded)), load(pre, p + 3 * padded)
            n = tanh(load(pre, p) + r * v)
            h = n + z * (load(state, q) - n)
            put(a, a_at + p, n, far)
            put(a, a_at + p + padded, r, far)
            put(a, a_at + p + 2 * padded, z, far)
            put(a, a_at + p + 3 * padded, v, far)
            store_hidden(h, state, q, hp, next_at[row] + j, out, out_at[row] + j, hidden - j, lanes, far)


@inlined
def gru_backward(rows, sizes, a, a_at, hp, hp_at, carry_h, carry_s, g, out_at, d, d_at, d_ld, dh, dh_at, ahead):
    """da_n = dh (1 - z) (1 - n^2); dr = da_n v; dv = da_n r; dz = dh (h_prev - n); carried past the product: dh z.
    ahead: rows to those of the next step, which are fetched meanwhile."""
    hidden, padded, lanes = sizes
    for row in range(rows):
        for j in range(0, padded, lanes):
            p, q, e = a_at + row * 4 * padded + j, row * padded + j, d_at + row * d_ld + j
            n, r, z, v = load(a, p), load(a, p + padded), load(a, p + 2 * padded), load(a, p + 3 * padded)
            for block in range(4):
                fetch(a, p + (ahead * 4 + block) * padded)
            fetch(hp, hp_at + q + ahead * padded)
            dh_t = hidden_gradient(load(carry_h, q) + load(carry_s, q), g, out_at[row] + j, hidden - j, lanes)
            da_n = dh_t * (1.0 - z) * (1.0 - n * n)
            store(d, e, da_n)
            store(d, e + padded, da_n * v * r * (1.0 - r))
            store(d, e + 2 * padded, dh_t * (load(hp, hp_at + q) - n) * z * (1.0 - z))
            store(d, e + 3 * padded, da_n * r)
            store(carry_s, q, dh_t * z)
            if len(dh):
                stream(dh, dh_at + q, dh_t)
