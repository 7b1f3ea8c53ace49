"""Where a new h goes and where its gradient comes from: the same for every cell."""

from __future__ import annotations

from numba.extending import register_jitable

from carousel.nn.kernels.numba.jit.load_store import load_row, put, store, store_row


@register_jitable(inline="always")
def store_hidden(h, state, at, hp, next_at, out, out_at, left, lanes, far):
    """h becomes the current state, the next step's h_{t-1} and part of the output, whose rows are not padded: `left` of
    its units remain.

    An empty output is one that shares its memory with hp.
    """
    store(state, at, h)
    put(hp, next_at, h, far)
    if len(out):
        store_row(out, out_at, h, left, lanes)


@register_jitable(inline="always")
def hidden_gradient(carried, g, g_at, left, lanes):
    """The total derivative with respect to h: what later steps carry back and what the output receives directly."""
    if len(g):
        return carried + load_row(g, g_at, left, lanes)
    return carried
