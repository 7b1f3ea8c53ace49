"""What stands before the steps and after them: parameters packed and padded; slices' sums added and given back."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.args import (
    found_of,
    kept_of,
    orders_of,
    packed_of,
    parameters_of,
    sizes_of,
    sums_of,
    vectors_of,
)
from carousel.nn.kernels.numba.jit.compilation import inner
from carousel.nn.kernels.numba.jit.indexing import fill
from carousel.nn.kernels.numba.jit.load_store import take_row
from carousel.nn.kernels.numba.jit.narrow_input import NARROW
from carousel.nn.kernels.numba.jit.packing import lay_rows, pack_gradients, pack_inputs
from carousel.nn.kernels.numba.jit.pass_record import reals


@inner
def _pad(p, like, address, rows, out):
    """[rows, H] at that address into whole registers."""
    hidden, padded, lanes = sizes_of(p)
    source = reals(like, address, rows * hidden)
    for r in range(rows if address else 0):
        take_row(source, r * hidden, hidden, out, r * padded, padded, lanes)


@inner
def _add_block(bias, block, hidden, out, at):
    """One block of a bias, where there is one."""
    for j in range(hidden if len(bias) else 0):
        out[at + j] += bias[block * hidden + j]


@inner
def _lay_vectors(p, like):
    """Biases, gains and masks, padded. With layer normalisation the input comes with its bias, and only a GRU's second
    is left (the LSTM's and the Elman cell's stand in the same sum as the first)."""
    hidden, padded, _ = sizes_of(p)
    x_order, h_order = orders_of(p)
    _, _, b_ih, b_hh = parameters_of(p, like)
    _, _, drop, gain, gain_m, bias_m, _ = vectors_of(p, like)
    bias, zeros = reals(like, p.bias, p.blocks * padded), reals(like, p.zeros, max(p.blocks * padded, p.columns))
    fill(bias, 0, len(bias))
    fill(zeros, 0, len(zeros))
    for b in range(0 if p.normed else len(x_order)):
        _add_block(b_ih, x_order[b], hidden, bias, b * padded)
    for b in range(len(h_order) if p.h_first or not p.normed else 0):
        _add_block(b_hh, h_order[b], hidden, bias, (p.h_first + b) * padded)
    _pad(p, like, p.dropout, p.batch, drop)
    for b in range(len(h_order) if p.norm_hh else 0):
        _pad(p, like, p.norm_hh + h_order[b] * hidden * like.itemsize, 1, gain[b * padded :])
    _pad(p, like, p.norm_c, 1, gain_m)
    _pad(p, like, p.norm_c_bias, 1, bias_m)


@inner
def set_up_forward(p, like):
    """Vectors, and the weights of a step's three products, by the blocks that they reach: of x alone, of x and h, of h
    alone."""
    _lay_vectors(p, like)
    hidden, padded, lanes = sizes_of(p)
    c = kept_of(p, like)[6]
    fill(c, max(len(c) - padded, 0), min(padded, len(c)))  # what a fresh start finds
    (x_order, h_order), (w_ih, w_hh, _, _), (w_x, w_b, w_h) = orders_of(p), parameters_of(p, like), packed_of(p, like)
    if p.normed:
        pack_inputs(w_hh, hidden, 0, hidden, h_order, hidden, padded, lanes, w_b)
        return
    first, shared, width = p.h_first, p.x_blocks - p.h_first, p.width
    rows = width + hidden
    pack_inputs(w_ih, width, 0, width, x_order[:first], hidden, padded, lanes, w_x)
    pack_inputs(w_ih, width, 0, rows, x_order[first:], hidden, padded, lanes, w_b)
    pack_inputs(w_hh, hidden, width, rows, h_order[:shared], hidden, padded, lanes, w_b)
    pack_inputs(w_hh, hidden, 0, hidden, h_order[shared:], hidden, padded, lanes, w_h)


@inner
def set_up_backward(p, like):
    """Vectors, and the weights of the two products of a step back: to h, and to x where it is wanted."""
    _lay_vectors(p, like)
    hidden, padded, lanes = sizes_of(p)
    (x_order, h_order), (w_ih, w_hh, _, _) = orders_of(p), parameters_of(p, like)
    w_b = reals(like, p.w_b, len(h_order) * padded * padded)
    pack_gradients(w_hh, hidden, h_order, hidden, padded, padded, lanes, w_b)
    w_dx = reals(like, p.w_dx if p.x_wanted else 0, len(x_order) * padded * p.columns)
    if len(w_dx) and p.width <= NARROW:
        lay_rows(w_ih, p.width, x_order, hidden, padded, w_dx)
    elif len(w_dx):
        pack_gradients(w_ih, p.width, x_order, hidden, padded, p.columns, lanes, w_dx)


@inner
def _bias_of_x(p, like, block, dw_x, j):
    """The derivative of the sum that block b of x's product adds to; where x came projected, from those of x."""
    if not p.normed:
        return dw_x[(p.width * p.x_blocks + block) * p.padded + j]
    x_order, _ = orders_of(p)
    dx = found_of(p, like)[2]
    s = dx.dtype.type(0)
    for n in range(p.steps * p.batch):
        s += dx[n * p.width + x_order[block] * p.hidden + j]
    return s


@inner
def _give_biases(p, like, dw_x, dbv):
    """In the order of torch's blocks."""
    hidden, padded, _ = sizes_of(p)
    x_order, h_order = orders_of(p)
    of_ih, of_hh = reals(like, p.d_bias_ih, len(h_order) * hidden), reals(like, p.d_bias_hh, len(h_order) * hidden)
    shared = p.x_blocks - p.h_first
    for j in range(hidden):
        for b in range(len(x_order) if len(of_ih) else 0):
            of_ih[x_order[b] * hidden + j] = _bias_of_x(p, like, b, dw_x, j)
        for b in range(len(h_order) if len(of_hh) else 0):
            alone = b >= shared
            found = dbv[(b - shared) * padded + j] if alone else _bias_of_x(p, like, b + p.h_first, dw_x, j)
            of_hh[h_order[b] * hidden + j] = found


@inner
def _give_weights(p, like, dw_h, dw_x):
    """In the order of torch's blocks, without padding."""
    hidden, padded, _ = sizes_of(p)
    x_order, h_order = orders_of(p)
    of_hh = reals(like, p.d_weight_hh, len(h_order) * hidden * hidden)
    of_ih = reals(like, p.d_weight_ih, len(h_order) * hidden * p.width)
    for b in range(len(h_order) if len(of_hh) else 0):
        for j in range(hidden):
            source, to = (b * padded + j) * padded, (h_order[b] * hidden + j) * hidden
            for k in range(hidden):
                of_hh[to + k] = dw_h[source + k]
    for b in range(len(x_order) if len(of_ih) else 0):
        for j in range(hidden):
            to = (x_order[b] * hidden + j) * p.width
            for i in range(p.width):
                of_ih[to + i] = dw_x[(i * p.x_blocks + b) * padded + j]


@inner
def _give_gains(p, like, dgain, dgain_m, dbias_m):
    """Those of layer normalisation."""
    hidden, padded, _ = sizes_of(p)
    _, h_order = orders_of(p)
    of_gain, of_gain_m = reals(like, p.d_norm_hh, len(h_order) * hidden), reals(like, p.d_norm_c, hidden)
    of_bias_m = reals(like, p.d_norm_c_bias, hidden)
    for j in range(hidden):
        for b in range(len(h_order) if len(of_gain) else 0):
            of_gain[h_order[b] * hidden + j] = dgain[b * padded + j]
        if len(of_gain_m):
            of_gain_m[j] = dgain_m[j]
        if len(of_bias_m):
            of_bias_m[j] = dbias_m[j]


@inner
def finish_backward(p, like):
    """The sums of all slices, added in order, as the gradients of the parameters."""
    sums = reals(like, p.sums, p.slices * p.each_sum)
    for k in range(1, p.slices):
        for j in range(p.each_sum):
            sums[j] += sums[k * p.each_sum + j]
    dw_h, dw_x, dbv, dgain, dgain_m, dbias_m = sums_of(p, like, 0)
    _give_weights(p, like, dw_h, dw_x)
    _give_biases(p, like, dw_x, dbv)
    _give_gains(p, like, dgain, dgain_m, dbias_m)
