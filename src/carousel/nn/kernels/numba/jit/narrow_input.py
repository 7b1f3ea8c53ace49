"""The derivatives of few inputs: as many dot products, where a register of columns would be mostly empty."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inner
from carousel.nn.kernels.numba.jit.indexing import count_at
from carousel.nn.kernels.numba.jit.load_store import load
from carousel.nn.kernels.numba.jit.simd import total

NARROW = 4  # inputs; with more, the product over a register of columns is as fast


@inner
def narrow_input_gradient(low, many, start, b0, most, order, batch, width, lanes, depth, w, d, d_ld, dx):
    """dx[t, b, i] = d[row, depth] . w[i, depth] for the rows of steps low .. low + many."""
    row = 0
    for t in range(low, low + many):
        for r in range(count_at(start, b0, most, t)):
            at = (t * batch + order[b0 + r]) * width
            for i in range(width):
                s = load(d, row) * load(w, i * depth)
                for j in range(lanes, depth, lanes):
                    s = s + load(d, row + j) * load(w, i * depth + j)
                dx[at + i] = total(s)
            row += d_ld
