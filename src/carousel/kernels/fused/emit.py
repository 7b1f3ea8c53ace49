"""Where a new h goes and where its gradient comes from: the same for every cell."""

from __future__ import annotations

from numba.extending import register_jitable

from carousel.kernels.fused.simd import load, load_first, store, store_first


@register_jitable(inline="always")
def emit(h, hp, next_at, out, out_at, left, lanes):
    """h becomes the next step's h_{t-1} and part of the output, whose rows are not padded: `left` of its units remain.

    An empty output is one that shares its memory with hp.
    """
    store(hp, next_at, h)
    if len(out):
        if left >= lanes:
            store(out, out_at, h)
        else:
            store_first(out, out_at, h, left)


@register_jitable(inline="always")
def caller_row(array, at, left, lanes):
    """A register of a row of the caller's, of which `left` numbers remain; then zeros."""
    if left >= lanes:
        return load(array, at)
    return load_first(array, at, left)


@register_jitable(inline="always")
def incoming(carried, g, g_at, left, lanes):
    """The total derivative with respect to h: what later steps carry back and what the output receives directly."""
    if len(g):
        return carried + caller_row(g, g_at, left, lanes)
    return carried
