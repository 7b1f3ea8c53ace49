"""Weights in the order in which the products read them.

A packed matrix is cut into panels of up to 3 registers of columns, each stored row after row, so that the innermost
loop reads it from front to back. Columns and rows of units that only pad are 0.
"""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inner


@inner
def panel_width(left):
    """Registers in the next panel when `left` remain: 4 are cut 2 + 2: a panel of 1 does not fill the processor."""
    if left <= 3:
        return left
    return 2 if left == 4 else 3


@inner
def pack_inputs(weight, depth, first, rows, order, hidden, padded, lanes, packed):
    """Pack W.T for `state @ W.T`: weight[blocks * hidden, depth] into the rows from `first` on of
    packed[rows, len(order) * padded], its blocks in that order."""
    columns, v = len(order) * padded, 0
    while v < columns:
        width = panel_width((columns - v) // lanes) * lanes
        for j in range(width):
            unit, at = (v + j) % padded, v * rows + first * width + j
            source = (order[(v + j) // padded] * hidden + unit) * depth
            if unit < hidden:
                for k in range(depth):
                    packed[at + k * width] = weight[source + k]
            else:
                for k in range(depth):
                    packed[at + k * width] = 0
        v += width


@inner
def pack_gradients(weight, depth, order, hidden, padded, columns, lanes, packed):
    """Pack W for `gradient @ W`: weight[blocks * hidden, depth] -> [len(order) * padded, columns], 0 between."""
    rows, v = len(order) * padded, 0
    while v < columns:
        width = panel_width((columns - v) // lanes) * lanes
        inside = min(width, depth - v)
        for k in range(rows):
            unit, at = k % padded, v * rows + k * width
            source = (order[k // padded] * hidden + unit) * depth + v
            known = inside if unit < hidden else 0
            for j in range(known):
                packed[at + j] = weight[source + j]
            for j in range(known, width):
                packed[at + j] = 0
        v += width


@inner
def lay_rows(weight, depth, order, hidden, padded, rows):
    """W.T with each input's row whole: weight[blocks * hidden, depth] -> rows[depth, len(order) * padded]."""
    columns = len(order) * padded
    for j in range(columns):
        unit = j % padded
        source = (order[j // padded] * hidden + unit) * depth
        for k in range(depth):
            rows[k * columns + j] = weight[source + k] if unit < hidden else 0
