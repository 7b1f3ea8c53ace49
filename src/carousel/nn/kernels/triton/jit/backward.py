"""The backward sweep: derivatives of every preactivation and state. Sums over time are torch's products afterwards."""

from __future__ import annotations

import triton
import triton.language as tl

from carousel.nn.kernels.triton.jit.tiles import load_tile, store_tile, tanh, to_state


@triton.jit
def _gru(dh, valid, gates, h_before, of_u, of_v, past, rows, j, B, H: tl.constexpr):
    """da_n = dh (1 - z) (1 - n^2); dr = da_n v; dv = da_n r; dz = dh (h_before - n); dh z goes past the product."""
    kept: tl.constexpr = 4 * H
    ld: tl.constexpr = 3 * H
    r, z = load_tile(gates, rows, j, kept, B, H), load_tile(gates + H, rows, j, kept, B, H)
    n, v = load_tile(gates + 2 * H, rows, j, kept, B, H), load_tile(gates + 3 * H, rows, j, kept, B, H)
    da_n = tl.where(valid, dh * (1 - z) * (1 - n * n), 0.0)
    dz = tl.where(valid, dh * (h_before - n) * z * (1 - z), 0.0)
    dr = tl.where(valid, da_n * v * r * (1 - r), 0.0)
    store_tile(of_u, dr, rows, j, ld, B, H)
    store_tile(of_u + H, dz, rows, j, ld, B, H)
    store_tile(of_u + 2 * H, da_n, rows, j, ld, B, H)
    store_tile(of_v, dr, rows, j, ld, B, H)
    store_tile(of_v + H, dz, rows, j, ld, B, H)
    store_tile(of_v + 2 * H, tl.where(valid, da_n * r, 0.0), rows, j, ld, B, H)
    store_tile(past, tl.where(valid, dh * z, 0.0), rows, j, H, B, H)


@triton.jit
def _lstm(
    dh, carried, valid, gates, c_before, of_u, rows, j, B, H: tl.constexpr, CODE: tl.constexpr, BLOCKS: tl.constexpr
):
    """dc, and what of it reaches the c before. Blocks i f g o | i g o | f g o."""
    ld: tl.constexpr = BLOCKS * H
    last: tl.constexpr = (BLOCKS - 1) * H
    one, g = load_tile(gates, rows, j, ld, B, H), load_tile(gates + last - H, rows, j, ld, B, H)
    o = load_tile(gates + last, rows, j, ld, B, H)
    i, f = one, one
    if CODE == 2:
        f = load_tile(gates + H, rows, j, ld, B, H)
    elif CODE == 3:
        f = tl.full(one.shape, 1.0, tl.float32)
    else:
        i = 1 - one
    shown = tanh(f * c_before + i * g)
    dc = carried + dh * o * (1 - shown * shown)
    d_one = dc * (c_before - g) if CODE == 4 else dc * g
    store_tile(of_u, tl.where(valid, d_one * one * (1 - one), 0.0), rows, j, ld, B, H)
    if CODE == 2:
        store_tile(of_u + H, tl.where(valid, dc * c_before * f * (1 - f), 0.0), rows, j, ld, B, H)
    store_tile(of_u + last - H, tl.where(valid, dc * i * (1 - g * g), 0.0), rows, j, ld, B, H)
    store_tile(of_u + last, tl.where(valid, dh * shown * o * (1 - o), 0.0), rows, j, ld, B, H)
    return dc, dc * f


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
    network = tl.program_id(1).to(tl.int64)
    weight, drop, past = weight + network * BLOCKS * H * H, drop + network * B * H, past + network * B * H
    carry_h, carry_c = carry_h + network * B * H, carry_c + network * B * H
    long = tl.load(lengths + network * B + rows, mask=rows < B, other=0)
    ld: tl.constexpr = BLOCKS * H
    for step in range(T):
        t = step if REVERSE else T - 1 - step
        at = (network * T + t) * B
        valid = (t < long)[:, None]
        anew = valid & False
        if HAS_FRESH:
            anew = (tl.load(fresh + at + rows, mask=rows < B, other=0) != 0)[:, None]
        of_u, of_v, gates = d + at * ld, dv + at * ld, a + at * KEPT * H
        for first in range(0, H, UNITS):
            j = first + tl.arange(0, UNITS)
            dh = load_tile(carry_h, rows, j, H, B, H) + load_tile(g_out + at * H, rows, j, H, B, H)
            store_tile(dh_kept + at * H, dh, rows, j, H, B, H)
            if CODE < 2:
                h = load_tile(out + at * H, rows, j, H, B, H)
                slope = 1 - h * h if CODE == 0 else tl.where(h > 0, 1.0, 0.0)
                store_tile(of_u, tl.where(valid, dh * slope, 0.0), rows, j, ld, B, H)
            elif CODE == 5:
                h_before = load_tile(hp + at * H, rows, j, H, B, H)
                _gru(dh, valid, gates, h_before, of_u, of_v, past, rows, j, B, H)
            else:
                c_before, carried = load_tile(cp + at * H, rows, j, H, B, H), load_tile(carry_c, rows, j, H, B, H)
                dc, to_before = _lstm(dh, carried, valid, gates, c_before, of_u, rows, j, B, H, CODE, BLOCKS)
                store_tile(dc_kept + at * H, dc, rows, j, H, B, H)
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
