"""The arrays of a record, flat, with their shapes. Empty where there is none; padded: H in whole registers.

Of the caller's, [T, B, .] and not padded: x [T, B, I] (with layer normalisation [T, B, G], and then it already is
W x + b), h0, c0, gh, gc, dh0, dc0, final_h, final_c [B, H], out and g [T, B, H], fresh [T, B], weights and biases as
torch's. Internal ones have N rows in all, by step (see `forward.py`).
"""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inner
from carousel.nn.kernels.numba.jit.pass_record import flags, integers, reals


@inner
def cell_of(p):
    """code, blocks, blocks that x reaches, the first block that h reaches."""
    return p.code, p.blocks, p.x_blocks, p.h_first


@inner
def sizes_of(p):
    """hidden, padded, lanes."""
    return p.hidden, p.padded, p.lanes


@inner
def layout_of(p):
    """start [T + 1], order [B], bounds [slices + 1]."""
    return integers(p.start, p.steps + 1), integers(p.order, p.batch), integers(p.bounds, p.slices + 1)


@inner
def orders_of(p):
    """The blocks of torch's weights in the order of the products."""
    return integers(p.x_order, p.x_blocks), integers(p.h_order, p.blocks - p.h_first)


@inner
def states_of(p, like):
    """x, h0, c0, fresh."""
    size = p.batch * p.hidden
    x = reals(like, p.x, p.steps * p.batch * p.width)
    return x, reals(like, p.h0, size), reals(like, p.c0, size), flags(p.fresh, p.steps * p.batch)


@inner
def parameters_of(p, like):
    """weight_ih, weight_hh, bias_ih, bias_hh."""
    rows = (p.blocks - p.h_first) * p.hidden
    return (
        reals(like, p.weight_ih, rows * p.width), reals(like, p.weight_hh, rows * p.hidden),
        reals(like, p.bias_ih, rows), reals(like, p.bias_hh, rows),
    )  # fmt: skip


@inner
def kept_of(p, like):
    """v, v_scale, m, m_scale, a, hp, c, out: see `forward.py`."""
    n, h_width = p.total, (p.blocks - p.h_first) * p.padded
    return (
        reals(like, p.v, n * h_width), reals(like, p.v_scale, n), reals(like, p.m, n * p.padded),
        reals(like, p.m_scale, n), reals(like, p.a, n * p.blocks * p.padded),
        reals(like, p.hp, (n + p.batch) * p.padded),
        reals(like, p.c, (n + p.batch + 1) * p.padded), reals(like, p.out, p.steps * p.batch * p.hidden),
    )  # fmt: skip


@inner
def packed_of(p, like):
    """w_x, w_b, w_h: see `packing.py`; with layer normalisation w_b alone, of h."""
    only_x, only_h = p.h_first * p.padded, (p.blocks - p.x_blocks) * p.padded
    both, depth = (p.x_blocks - p.h_first) * p.padded, p.width + p.hidden
    if p.normed:
        both, depth = (p.blocks - p.h_first) * p.padded, p.hidden
    return reals(like, p.w_x, only_x * p.width), reals(like, p.w_b, both * depth), reals(like, p.w_h, only_h * p.hidden)


@inner
def vectors_of(p, like):
    """Padded: bias [x_blocks] of the input's product, bias_v of the blocks that only the state reaches, drop [B],
    gain [h_blocks], gain_m, bias_m; and zeros."""
    of_x, of_h = p.x_blocks * p.padded, (p.blocks - p.h_first) * p.padded
    bias = reals(like, p.bias, p.blocks * p.padded)
    return (
        bias[:of_x], bias[of_x:], reals(like, p.drop, p.batch * p.padded), reals(like, p.gain, of_h),
        reals(like, p.gain_m, p.padded), reals(like, p.bias_m, p.padded), reals(like, p.zeros, 1),
    )  # fmt: skip


@inner
def given_of(p, like):
    """g, gh, gc: derivatives of the output and the final states."""
    size = p.batch * p.hidden
    return reals(like, p.g, p.steps * size), reals(like, p.gh, size), reals(like, p.gc, size)


@inner
def found_of(p, like):
    """dh, dc [N, padded] of every state; dx, dh0, dc0."""
    states, size = p.total * p.padded, p.batch * p.hidden
    return (
        reals(like, p.dh, states), reals(like, p.dc, states), reals(like, p.dx, p.steps * p.batch * p.width),
        reals(like, p.dh0, size), reals(like, p.dc0, size),
    )  # fmt: skip


@inner
def sums_of(p, like, k):
    """A slice's sums over time: dw_h [h_blocks, padded, padded]; dw_x [inputs, x_blocks, padded], whose row I is the
    bias's; dbv, of the bias that only the state's product has; with layer normalisation dgain, dgain_m, dbias_m. Empty
    where no parameter needs a gradient."""
    of_x, of_h = p.x_blocks * p.padded, (p.blocks - p.h_first) * p.padded
    size = p.each_sum if p.weights_wanted else 0
    both = reals(like, p.sums, p.slices * size)[k * size : (k + 1) * size]
    dw_h, rest = both[: of_h * p.padded], both[of_h * p.padded :]
    dw_x, rest = rest[: of_x * p.inputs], rest[of_x * p.inputs :]
    alone = (p.blocks - p.x_blocks) * p.padded
    dbv, rest = rest[:alone], rest[alone:]
    if not p.normed:
        return dw_h, dw_x, dbv, rest[:0], rest[:0], rest[:0]
    return dw_h, dw_x, dbv, rest[:of_h], rest[of_h : of_h + p.padded], rest[of_h + p.padded :]
