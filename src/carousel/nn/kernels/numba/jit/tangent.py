"""One tangent of each sequence carried through the closed-form Jacobians of a run, its length kept in logarithms.

What `Recurrence.push` does to one vector, step after step: thousands of steps of a small network are nothing but the
overhead of calls otherwise.
"""

from __future__ import annotations

import math

from carousel.nn.kernels.numba.jit.compilation import inner, outermost

_ROWS = 4  # rows of the weights added at once, so that a sum is loaded and stored a quarter as often


@inner
def _product(weight, h, a):
    """a = U h. weight: [H, G], U transposed; h: H numbers or more; a: [G]."""
    hidden, wide = weight.shape
    for g in range(wide):
        a[g] = 0.0
    whole = hidden - hidden % _ROWS
    for j in range(0, whole, _ROWS):
        h0, h1, h2, h3 = h[j], h[j + 1], h[j + 2], h[j + 3]
        for g in range(wide):
            a[g] += (h0 * weight[j, g] + h1 * weight[j + 1, g]) + (h2 * weight[j + 2, g] + h3 * weight[j + 3, g])
    for j in range(whole, hidden):
        for g in range(wide):
            a[g] += h[j] * weight[j, g]


@outermost
def tangents(gain, carry, opened, shown, weight, out_block, v, a, growth):
    """gain: [T, B, G], blocks * H; carry, opened, shown: [T, B, H], the last two empty where h is all there is.
    weight: [H, G]. out_block: where a_o begins in a. v: [B, S], in and out, of length 1 or 0 each. a: [G], scratch.
    growth: [T, B], filled with ln of how much each tangent grew; -inf for one that ends.
    """
    hidden, two = weight.shape[0], len(opened) > 0
    m_at = hidden if two else 0
    for t in range(gain.shape[0]):
        for b in range(gain.shape[1]):
            state, step_gain, step_carry = v[b], gain[t, b], carry[t, b]
            _product(weight, state, a)
            square = 0.0
            for k in range(hidden):
                written = 0.0
                for g in range(k, len(a), hidden):
                    written += step_gain[g] * a[g]
                m = step_carry[k] * state[m_at + k] + written
                state[m_at + k] = m
                square += m * m
                if two:
                    h = opened[t, b, k] * a[out_block + k] + shown[t, b, k] * m
                    state[k] = h
                    square += h * h
            norm = math.sqrt(square)
            growth[t, b] = math.log(norm) if norm > 0.0 else -math.inf
            for k in range(len(state)):
                state[k] = state[k] / norm if norm > 0.0 else 0.0
