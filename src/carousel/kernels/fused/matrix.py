"""Matrix products over packed weights, tile by tile. Flat arrays; `*_at`: where a part begins, `*_ld`: its row step.

A packed matrix is cut into panels of up to 3 registers of columns, each stored row after row, so that the innermost
loop reads it from front to back.
"""

from __future__ import annotations

from carousel.kernels.fused.compiling import inner, outermost
from carousel.kernels.fused.tile import ROWS, outer_tile, product_tile

_HALF = ROWS // 2


@inner
def panel_width(left):
    """Registers in the next panel when `left` remain: 4 are cut 2 + 2: a panel of 1 does not fill the processor."""
    if left <= 3:
        return left
    return 2 if left == 4 else 3


def _make_panel(width: int):
    """All rows against one panel; the rows go in tiles of ROWS, then of half, 2 and 1."""

    @inner
    def panel(init, init_at, init_ld, a, a_at, a_ld, depth, w, w_at, out, out_at, out_ld, rows):
        r = 0
        while r < rows:
            left = rows - r
            i, j, k = init_at + r * init_ld, a_at + r * a_ld, out_at + r * out_ld
            if left >= ROWS:
                product_tile(ROWS, width, init, i, init_ld, a, j, a_ld, depth, w, w_at, out, k, out_ld)
                r += ROWS
            elif left >= _HALF:
                product_tile(_HALF, width, init, i, init_ld, a, j, a_ld, depth, w, w_at, out, k, out_ld)
                r += _HALF
            elif left >= 2:
                product_tile(2, width, init, i, init_ld, a, j, a_ld, depth, w, w_at, out, k, out_ld)
                r += 2
            else:
                product_tile(1, width, init, i, init_ld, a, j, a_ld, depth, w, w_at, out, k, out_ld)
                r += 1

    return panel


_panel_1, _panel_2, _panel_3 = _make_panel(1), _make_panel(2), _make_panel(3)


@inner
def product(init, init_at, init_ld, a, a_at, a_ld, depth, w, w_at, out, out_at, out_ld, rows, columns, lanes):
    """out[rows, columns] = init + a[rows, depth] @ w[depth, columns], w packed, columns a multiple of lanes."""
    v = 0
    while v < columns:
        width = panel_width((columns - v) // lanes)
        i, k, m = init_at + v, out_at + v, w_at + v * depth
        if width == 3:
            _panel_3(init, i, init_ld, a, a_at, a_ld, depth, w, m, out, k, out_ld, rows)
        elif width == 2:
            _panel_2(init, i, init_ld, a, a_at, a_ld, depth, w, m, out, k, out_ld, rows)
        else:
            _panel_1(init, i, init_ld, a, a_at, a_ld, depth, w, m, out, k, out_ld, rows)
        v += width * lanes


@inner
def outer(a, a_at, a_ld, b, b_at, b_ld, depth, out, out_at, out_ld, rows, columns, lanes):
    """out[rows, columns] += a[depth, rows].T @ b[depth, columns]; rows a multiple of ROWS, columns one of lanes."""
    v = 0
    while v < columns:
        width = panel_width((columns - v) // lanes)
        for r in range(0, rows, ROWS):
            o = out_at + r * out_ld + v
            if width == 3:
                outer_tile(ROWS, 3, a, a_at + r, a_ld, b, b_at + v, b_ld, depth, out, o, out_ld)
            elif width == 2:
                outer_tile(ROWS, 2, a, a_at + r, a_ld, b, b_at + v, b_ld, depth, out, o, out_ld)
            else:
                outer_tile(ROWS, 1, a, a_at + r, a_ld, b, b_at + v, b_ld, depth, out, o, out_ld)
        v += width * lanes


@inner
def add_rows(a, a_at, a_ld, depth, out, columns):
    """out[columns] += the sum of the rows of a[depth, columns], row after row."""
    for n in range(depth):
        for j in range(columns):
            out[j] += a[a_at + n * a_ld + j]


@inner
def _pack_inputs(weight, depth, order, hidden, padded, lanes, packed):
    """Pack W.T for `state @ W.T`: weight[blocks * hidden, depth] -> [depth, len(order) * padded], blocks in that order.

    Columns of units that only pad are 0.
    """
    columns, v = len(order) * padded, 0
    while v < columns:
        width = panel_width((columns - v) // lanes) * lanes
        for j in range(width):
            unit, at = (v + j) % padded, v * depth + j
            source = (order[(v + j) // padded] * hidden + unit) * depth
            if unit < hidden:
                for k in range(depth):
                    packed[at + k * width] = weight[source + k]
            else:
                for k in range(depth):
                    packed[at + k * width] = 0
        v += width


@inner
def _pack_gradients(weight, depth, order, hidden, padded, columns, lanes, packed):
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


@outermost
def pack_for_forward(w_ih, w_hh, depth, hidden, padded, lanes, x_order, both_order, only_order, w_x, w_h, w_v):
    """The three products of a step: with x, with h into blocks that x reached, with h into blocks of its own."""
    if len(w_x):
        _pack_inputs(w_ih, depth, x_order, hidden, padded, lanes, w_x)
    _pack_inputs(w_hh, hidden, both_order, hidden, padded, lanes, w_h)
    if len(w_v):
        _pack_inputs(w_hh, hidden, only_order, hidden, padded, lanes, w_v)


@outermost
def pack_for_backward(w_ih, w_hh, depth, hidden, padded, columns, lanes, x_order, h_order, w_dx, w_b):
    """The two products of a step back: to h, and to x where it is wanted."""
    _pack_gradients(w_hh, hidden, h_order, hidden, padded, padded, lanes, w_b)
    if len(w_dx):
        _pack_gradients(w_ih, depth, x_order, hidden, padded, columns, lanes, w_dx)
