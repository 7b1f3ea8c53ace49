"""The backward sweep: derivatives of every preactivation and state. Sums over time are torch's products afterwards."""

from __future__ import annotations

import triton
import triton.language as tl

from carousel.kernels.gpu.tiles import load_tile, store_tile, tanh, to_state


@triton.jit
def backward(
    g_out, weight, drop, lengths, fresh, a, hp, cp, out, carry_h, carry_c, past, d, dv, dh_kept, dc_kept,
    T, B, H: tl.constexpr,
    CODE: tl.constexpr, BLOCKS: tl.constexpr, KEPT: tl.constexpr, REVERSE: tl.constexpr, HAS_DROP: tl.constexpr,
    HAS_FRESH: tl.constexpr, ROWS: tl.constexpr, UNITS: tl.constexpr,
):  # fmt: skip
    """d: [T, B, BLOCKS, H] of u; dv: the same of U h, which is d but for a GRU's n. carry_h, carry_c: [B, H] of the
    state after the step, then before it; past: [B, H], what a GRU's h carries past the product. dh_kept, dc_kept:
    [T, B, H], in full. The rest as in `forward`; the derivation stands in docs/kernels.md."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    long = tl.load(lengths + rows, mask=rows < B, other=0)
    ld: tl.constexpr = BLOCKS * H
    kept: tl.constexpr = KEPT * H
    for step in range(T):
        t = step if REVERSE else T - 1 - step
        valid = (t < long)[:, None]
        anew = valid & False
        if HAS_FRESH:
            anew = (tl.load(fresh + t * B + rows, mask=rows < B, other=0) != 0)[:, None]
        of_u, of_v, gates = d + t * B * ld, dv + t * B * ld, a + t * B * kept
        for first in range(0, H, UNITS):
            j = first + tl.arange(0, UNITS)
            dh = load_tile(carry_h, rows, j, H, B, H) + load_tile(g_out + t * B * H, rows, j, H, B, H)
            store_tile(dh_kept + t * B * H, dh, rows, j, H, B, H)
            if CODE < 2:
                h = load_tile(out + t * B * H, rows, j, H, B, H)
                slope = 1 - h * h if CODE == 0 else tl.where(h > 0, 1.0, 0.0)
                store_tile(of_u, tl.where(valid, dh * slope, 0.0), rows, j, ld, B, H)
            elif CODE == 5:
                r, z = load_tile(gates, rows, j, kept, B, H), load_tile(gates + H, rows, j, kept, B, H)
                n, v = load_tile(gates + 2 * H, rows, j, kept, B, H), load_tile(gates + 3 * H, rows, j, kept, B, H)
                da_n = tl.where(valid, dh * (1 - z) * (1 - n * n), 0.0)
                dz = tl.where(valid, dh * (load_tile(hp + t * B * H, rows, j, H, B, H) - n) * z * (1 - z), 0.0)
                dr = da_n * v * r * (1 - r)
                store_tile(of_u, tl.where(valid, dr, 0.0), rows, j, ld, B, H)
                store_tile(of_u + H, dz, rows, j, ld, B, H)
                store_tile(of_u + 2 * H, da_n, rows, j, ld, B, H)
                store_tile(of_v, tl.where(valid, dr, 0.0), rows, j, ld, B, H)
                store_tile(of_v + H, dz, rows, j, ld, B, H)
                store_tile(of_v + 2 * H, tl.where(valid, da_n * r, 0.0), rows, j, ld, B, H)
                store_tile(past, tl.where(valid, dh * z, 0.0), rows, j, H, B, H)
            else:
                last: tl.constexpr = (BLOCKS - 1) * H
                one, c_before = load_tile(gates, rows, j, kept, B, H), load_tile(cp + t * B * H, rows, j, H, B, H)
                cell, o = load_tile(gates + last - H, rows, j, kept, B, H), load_tile(gates + last, rows, j, kept, B, H)
                if CODE == 2:
                    f = load_tile(gates + H, rows, j, kept, B, H)
                    c = f * c_before + one * cell
                elif CODE == 3:
                    c = c_before + one * cell
                else:
                    c = one * c_before + (1 - one) * cell
                shown, carried = tanh(c), load_tile(carry_c, rows, j, H, B, H)
                dc = carried + dh * o * (1 - shown * shown)
                store_tile(dc_kept + t * B * H, dc, rows, j, H, B, H)
                store_tile(of_u + last, tl.where(valid, dh * shown * o * (1 - o), 0.0), rows, j, ld, B, H)
                if CODE == 2:
                    store_tile(of_u, tl.where(valid, dc * cell * one * (1 - one), 0.0), rows, j, ld, B, H)
                    store_tile(of_u + H, tl.where(valid, dc * c_before * f * (1 - f), 0.0), rows, j, ld, B, H)
                    d_cell, to_before = dc * one * (1 - cell * cell), dc * f
                elif CODE == 3:
                    store_tile(of_u, tl.where(valid, dc * cell * one * (1 - one), 0.0), rows, j, ld, B, H)
                    d_cell, to_before = dc * one * (1 - cell * cell), dc
                else:
                    d_one = dc * (c_before - cell) * one * (1 - one)
                    store_tile(of_u, tl.where(valid, d_one, 0.0), rows, j, ld, B, H)
                    d_cell, to_before = dc * (1 - one) * (1 - cell * cell), dc * one
                store_tile(of_u + last - H, tl.where(valid, d_cell, 0.0), rows, j, ld, B, H)
                to_before = tl.where(anew, 0.0, to_before)
                store_tile(carry_c, tl.where(valid, to_before, carried), rows, j, H, B, H)
        tl.debug_barrier()  # the product reads all units
        for first in range(0, H, UNITS):
            j = first + tl.arange(0, UNITS)
            found = to_state(of_v, ld, weight, BLOCKS, rows, j, B, H, ROWS, UNITS)
            if HAS_DROP:
                found *= load_tile(drop, rows, j, H, B, H)
            if CODE == 5:
                found += load_tile(past, rows, j, H, B, H)
            found = tl.where(anew, 0.0, found)
            store_tile(carry_h, tl.where(valid, found, load_tile(carry_h, rows, j, H, B, H)), rows, j, H, B, H)
        tl.debug_barrier()
