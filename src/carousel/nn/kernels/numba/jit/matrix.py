"""Matrix products, tile by tile. Flat arrays; `*_at`: where a part begins, `*_ld`: its row step."""

from __future__ import annotations

from carousel.nn.kernels.numba.jit.compilation import inner
from carousel.nn.kernels.numba.jit.load_store import load, store
from carousel.nn.kernels.numba.jit.packing import panel_width
from carousel.nn.kernels.numba.jit.tile import ROWS, outer_tile, product_tile

HALF = ROWS // 2


def _make_panel(width: int):
    """All rows against one panel; the rows go in tiles of ROWS, then of half, 2 and 1."""

    @inner
    def panel(
        init, init_at, init_ld, x, x_at, x_ld, x_depth, h, h_at, h_ld, h_depth, w, w_at, out, out_at, out_ld, rows
    ):
        r = 0
        while r < rows:
            left = rows - r
            i, j, k, o = init_at + r * init_ld, x_at + r * x_ld, h_at + r * h_ld, out_at + r * out_ld
            if left >= ROWS:
                product_tile(
                    ROWS, width, init, i, init_ld, x, j, x_ld, x_depth, h, k, h_ld, h_depth, w, w_at, out, o, out_ld
                )
                r += ROWS
            elif left >= HALF:
                product_tile(
                    HALF, width, init, i, init_ld, x, j, x_ld, x_depth, h, k, h_ld, h_depth, w, w_at, out, o, out_ld
                )
                r += HALF
            elif left >= 2:
                product_tile(
                    2, width, init, i, init_ld, x, j, x_ld, x_depth, h, k, h_ld, h_depth, w, w_at, out, o, out_ld
                )
                r += 2
            else:
                product_tile(
                    1, width, init, i, init_ld, x, j, x_ld, x_depth, h, k, h_ld, h_depth, w, w_at, out, o, out_ld
                )
                r += 1

    return panel


_panel_1, _panel_2, _panel_3 = _make_panel(1), _make_panel(2), _make_panel(3)


@inner
def product_of_both(
    init, init_at, init_ld, x, x_at, x_ld, x_depth, h, h_at, h_ld, h_depth, w, w_at, out, out_at, out_ld,
    rows, columns, lanes,
):  # fmt: skip
    """out[rows, columns] = init + (x[rows, x_depth], h[rows, h_depth]) @ w, w packed, columns a multiple of lanes."""
    v = 0
    while v < columns:
        width = panel_width((columns - v) // lanes)
        i, m, k = init_at + v, w_at + v * (x_depth + h_depth), out_at + v
        if width == 3:
            _panel_3(init, i, init_ld, x, x_at, x_ld, x_depth, h, h_at, h_ld, h_depth, w, m, out, k, out_ld, rows)
        elif width == 2:
            _panel_2(init, i, init_ld, x, x_at, x_ld, x_depth, h, h_at, h_ld, h_depth, w, m, out, k, out_ld, rows)
        else:
            _panel_1(init, i, init_ld, x, x_at, x_ld, x_depth, h, h_at, h_ld, h_depth, w, m, out, k, out_ld, rows)
        v += width * lanes


@inner
def product(init, init_at, init_ld, a, a_at, a_ld, depth, w, w_at, out, out_at, out_ld, rows, columns, lanes):
    """out[rows, columns] = init + a[rows, depth] @ w[depth, columns], w packed, columns a multiple of lanes."""
    product_of_both(
        init, init_at, init_ld, a, a_at, a_ld, 0, a, a_at, a_ld, depth, w, w_at, out, out_at, out_ld,
        rows, columns, lanes,
    )  # fmt: skip


def _make_outer_panel(width: int):
    """All rows against one panel: tiles of ROWS rows, then of half."""

    @inner
    def panel(a, a_at, a_ld, b, b_at, b_ld, depth, out, out_at, out_ld, rows):
        whole = rows - rows % ROWS
        for r in range(0, whole, ROWS):
            outer_tile(ROWS, width, a, a_at + r, a_ld, b, b_at, b_ld, depth, out, out_at + r * out_ld, out_ld)
        for r in range(whole, rows, HALF):
            outer_tile(HALF, width, a, a_at + r, a_ld, b, b_at, b_ld, depth, out, out_at + r * out_ld, out_ld)

    return panel


_outer_1, _outer_2, _outer_3 = _make_outer_panel(1), _make_outer_panel(2), _make_outer_panel(3)


@inner
def outer(a, a_at, a_ld, b, b_at, b_ld, depth, out, out_at, out_ld, rows, columns, lanes):
    """out[rows, columns] += a[depth, rows].T @ b[depth, columns]; rows a multiple of HALF, columns one of lanes."""
    v = 0
    while v < columns:
        width = panel_width((columns - v) // lanes)
        if width == 3:
            _outer_3(a, a_at, a_ld, b, b_at + v, b_ld, depth, out, out_at + v, out_ld, rows)
        elif width == 2:
            _outer_2(a, a_at, a_ld, b, b_at + v, b_ld, depth, out, out_at + v, out_ld, rows)
        else:
            _outer_1(a, a_at, a_ld, b, b_at + v, b_ld, depth, out, out_at + v, out_ld, rows)
        v += width * lanes


@inner
def add_rows(a, a_at, a_ld, depth, out, columns, lanes):
    """out[columns] += the sum of the rows of a[depth, columns], row after row; columns a multiple of lanes."""
    for j in range(0, columns, lanes):
        s = load(out, j)
        for n in range(depth):
            s = s + load(a, a_at + n * a_ld + j)
        store(out, j, s)
