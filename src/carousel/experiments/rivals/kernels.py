"""Compiled: sequences convolved with MiniRocket's kernels. See `convolutions`.

A kernel has nine weights, all -1 but three that are 2. What all kernels of a dilation share, the sum of the nine steps,
is taken once a channel; a kernel adds three times its three steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from carousel.nn.kernels.numba.jit.compilation import outermost

TAPS, CENTRE = 9, 4


def _minus_sums(x: Any, start: int, steps: int, dilation: int, out: Any) -> None:
    """out: [C, steps] minus the sum of the nine dilated steps around each, zeros beyond the ends."""
    for c in range(out.shape[0]):
        for t in range(steps):
            found = np.float32(0.0)
            for tap in range(9):
                at = t + (tap - 4) * dilation
                if 0 <= at < steps:
                    found -= x[start + at, c]
            out[c, t] = found


def _convolve(x: Any, start: int, steps: int, dilation: int, shared: Any, channels: Any, places: Any, out: Any) -> None:
    """out: [steps] of one kernel, summed over its channels. shared: of `minus_sums`. places: its three taps."""
    for t in range(steps):
        out[t] = 0.0
    for c in channels:
        if c < 0:
            break
        for t in range(steps):
            out[t] += shared[c, t]
        for place in places:
            shift = (place - 4) * dilation
            for t in range(max(0, -shift), min(steps, steps - shift)):
                out[t] += np.float32(3.0) * x[start + t + shift, c]


minus_sums, convolve = outermost(_minus_sums), outermost(_convolve)


def _transform(
    x: Any, starts: Any, lengths: Any, dilations: Any, counts: Any, channels: Any, places: Any, biases: Any,
    shared: Any, held: Any, out: Any,
) -> None:  # fmt: skip
    """out: [n, F] the share of steps above each bias. dilations: [D]; counts: [D] biases a kernel; channels:
    [D, K, most]; places: [K, 3]; biases: [F], dilation by dilation, kernel by kernel. shared, held: to work in.

    Every other kernel looks at the steps alone where all its taps are inside, unless the sequence has none."""
    for n in range(len(starts)):
        steps, feature = lengths[n], 0
        for d in range(len(dilations)):
            dilation = dilations[d]
            minus_sums(x, starts[n], steps, dilation, shared)
            for k in range(places.shape[0]):
                convolve(x, starts[n], steps, dilation, shared, channels[d, k], places[k], held)
                edge = 4 * dilation
                if (d + k) % 2 == 0 or steps <= 2 * edge:
                    edge = 0
                for _ in range(counts[d]):
                    above, bias = 0, biases[feature]
                    for t in range(edge, steps - edge):
                        if held[t] > bias:
                            above += 1
                    out[n, feature] = above / (steps - 2 * edge)
                    feature += 1


transform = outermost(_transform)
