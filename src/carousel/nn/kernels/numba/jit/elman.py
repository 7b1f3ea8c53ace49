"""The equation of the Elman cell and its derivative, over registers."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inlined
from carousel.nn.kernels.numba.jit.functions import at_least, positive, tanh
from carousel.nn.kernels.numba.jit.hidden_io import hidden_gradient, store_hidden
from carousel.nn.kernels.numba.jit.load_store import load, load_row, store, stream


def _make(relu: bool):
    @inlined
    def forward(rows, sizes, pre, state, hp, next_at, out, out_at, far):
        """h = phi(a)."""
        hidden, padded, lanes = sizes
        for r in range(rows):
            for j in range(0, padded, lanes):
                a = load(pre, r * padded + j)
                h = at_least(a, 0) if relu else tanh(a)
                store_hidden(h, state, r * padded + j, hp, next_at[r] + j, out, out_at[r] + j, hidden - j, lanes, far)

    @inlined
    def backward(rows, sizes, out, carry_h, g, out_at, d, d_at, d_ld, dh, dh_at):
        """da = dh phi'(a), from h alone: phi' = 1 - h^2, or 1 where h > 0."""
        hidden, padded, lanes = sizes
        for r in range(rows):
            for j in range(0, padded, lanes):
                h = load_row(out, out_at[r] + j, hidden - j, lanes)
                dh_t = hidden_gradient(load(carry_h, r * padded + j), g, out_at[r] + j, hidden - j, lanes)
                store(d, d_at + r * d_ld + j, positive(h, dh_t) if relu else dh_t * (1.0 - h * h))
                if len(dh):
                    stream(dh, dh_at + r * padded + j, dh_t)

    return forward, backward


tanh_forward, tanh_backward = _make(relu=False)
relu_forward, relu_backward = _make(relu=True)
