"""One step of the derivatives back through a cell: from those of its h to those of its preactivations."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.codes import ELMAN_RELU, ELMAN_TANH, GRU, LSTM, LSTM_1997
from carousel.nn.kernels.numba.jit.compilation import inlined, inner
from carousel.nn.kernels.numba.jit.elman import relu_backward, tanh_backward
from carousel.nn.kernels.numba.jit.gru import gru_backward
from carousel.nn.kernels.numba.jit.layer_norm import apply_gain, normalise_backward
from carousel.nn.kernels.numba.jit.lstm import (
    coupled_gates_backward,
    lstm_1997_gates_backward,
    lstm_gates_backward,
    output_gate_backward,
)
from carousel.nn.kernels.numba.jit.matrix import add_rows


@inlined
def _gates(code, rows, sizes, a, a_at, c, prev_at, carry_c, kept, kept_at, d, d_at, d_ld, ahead):
    if code == LSTM:
        lstm_gates_backward(rows, sizes, a, a_at, c, prev_at, carry_c, kept, kept_at, d, d_at, d_ld, ahead)
    elif code == LSTM_1997:
        lstm_1997_gates_backward(rows, sizes, a, a_at, c, prev_at, carry_c, kept, kept_at, d, d_at, d_ld, ahead)
    else:
        coupled_gates_backward(rows, sizes, a, a_at, c, prev_at, carry_c, kept, kept_at, d, d_at, d_ld, ahead)


@inner
def _through_norm(rows, n, sizes, m, m_scale, gain_m, dm, carry_c, scratch, dgain_m, dbias_m):
    """dc from the derivative of the normalised c, and the gradients of its gain and bias."""
    hidden, padded, lanes = sizes
    add_rows(dm, 0, padded, rows, dbias_m, padded, lanes)
    normalise_backward(
        rows, 1, hidden, padded, gain_m, dm, 0, padded, m, n * padded, m_scale, n, scratch, 0, padded, dgain_m
    )
    for j in range(rows * padded):
        carry_c[j] += scratch[j]


@inlined
def _lstm(
    code, count, n, sizes, blocks, norms, kept, prev_at, carry_h, carry_s, dm, shown, g, out_at, d, at, d_ld, dh, dc,
    sums, ahead,
):  # fmt: skip
    """One step of an LSTM: through the output gate, through the normalised c where there is one, through the gates."""
    _, padded, _ = sizes
    _, _, m, m_scale, a, _, c, _ = kept
    _, gain_m, bias_m = norms
    a_at, c_at = n * blocks * padded, n * padded
    if len(gain_m):
        apply_gain(count, padded, gain_m, bias_m, m, c_at, shown, padded, False)
        output_gate_backward(
            count, sizes, blocks, a, a_at, shown, 0, carry_h, dh[:0], g, out_at, d, at, d_ld, dm, dh, c_at
        )
        _through_norm(count, n, sizes, m, m_scale, gain_m, dm, carry_s, shown, sums[4], sums[5])
    else:
        output_gate_backward(
            count, sizes, blocks, a, a_at, c, c_at, carry_h, carry_s, g, out_at, d, at, d_ld, carry_s, dh, c_at
        )
    _gates(code, count, sizes, a, a_at, c, prev_at, carry_s, dc, c_at, d, at, d_ld, ahead)


@inlined
def step_back(
    code, blocks, count, n, sizes, norms, kept, g, prev_at, out_at, states, d, at, d_ld, dh, dc, sums, ahead
):  # fmt: skip
    """d[at ...] of the `count` sequences that run, and what is carried past the product. ahead: rows from this step's
    to those of the next to be done."""
    _, padded, _ = sizes
    _, _, _, _, a, hp, _, out = kept
    carry_h, carry_s, dm, shown = states
    a_at, n_at = n * blocks * padded, n * padded
    if code == ELMAN_TANH:
        tanh_backward(count, sizes, out, carry_h, g, out_at, d, at, d_ld, dh, n_at)
    elif code == ELMAN_RELU:
        relu_backward(count, sizes, out, carry_h, g, out_at, d, at, d_ld, dh, n_at)
    elif code == GRU:
        gru_backward(count, sizes, a, a_at, hp, n_at, carry_h, carry_s, g, out_at, d, at, d_ld, dh, n_at, ahead)
    else:
        _lstm(
            code, count, n, sizes, blocks, norms, kept, prev_at, carry_h, carry_s, dm, shown, g, out_at, d, at, d_ld,
            dh, dc, sums, ahead,
        )  # fmt: skip
