"""Layer normalisation inside a cell (Ba et al. 2016): of the state's product over all its blocks, and of an LSTM's c.

y = (v - mean v) / sqrt(var v + eps); what the cell sees is gain y (+ bias). Padding units take no part and stay 0.
"""

from __future__ import annotations

import math

from carousel.nn.kernels.numba.jit.compilation import inner

EPSILON = 1e-5  # torch.nn.LayerNorm's


@inner
def normalise(rows, blocks, hidden, padded, v, v_at, y, y_at, scale, scale_at):
    """y and 1 / sqrt(var + eps) of each row [blocks, padded]."""
    for r in range(rows):
        p, q = v_at + r * blocks * padded, y_at + r * blocks * padded
        total = v.dtype.type(0)
        for b in range(blocks):
            for j in range(hidden):
                total += v[p + b * padded + j]
        mean = total / (blocks * hidden)
        square = v.dtype.type(0)
        for b in range(blocks):
            for j in range(hidden):
                square += (v[p + b * padded + j] - mean) ** 2
        inverse = v.dtype.type(1 / math.sqrt(square / (blocks * hidden) + EPSILON))
        scale[scale_at + r] = inverse
        for b in range(blocks):
            for j in range(padded):
                at = b * padded + j
                y[q + at] = (v[p + at] - mean) * inverse if j < hidden else v.dtype.type(0)


@inner
def apply_gain(rows, width, gain, bias, y, y_at, out, out_ld, add):
    """out = gain y + bias, or out += gain y; out may have longer rows."""
    for r in range(rows):
        for j in range(width):
            value = gain[j] * y[y_at + r * width + j]
            if add:
                out[r * out_ld + j] += value
            else:
                out[r * out_ld + j] = value + bias[j]


@inner
def normalise_backward(
    rows, blocks, hidden, padded, gain, d, d_at, d_ld, y, y_at, scale, scale_at, dv, dv_at, dv_ld, dgain
):  # fmt: skip
    """dv = scale (e - mean e - y mean(e y)), e = gain d; dgain += d y. dv may be d itself."""
    width = blocks * padded
    for r in range(rows):
        p, q, o = d_at + r * d_ld, y_at + r * width, dv_at + r * dv_ld
        first, second = d.dtype.type(0), d.dtype.type(0)
        for j in range(width):  # gain is 0 at padding units
            e = gain[j] * d[p + j]
            first += e
            second += e * y[q + j]
            dgain[j] += d[p + j] * y[q + j]
        first, second, inverse = first / (blocks * hidden), second / (blocks * hidden), scale[scale_at + r]
        for b in range(blocks):
            for j in range(padded):
                at = b * padded + j
                value = inverse * (gain[at] * d[p + at] - first - y[q + at] * second)
                dv[o + at] = value if j < hidden else d.dtype.type(0)
