"""The forward sweep: a program takes some rows of one network's batch through all of time; none waits for another."""

from __future__ import annotations

import triton
import triton.language as tl

from carousel.nn.kernels.triton.jit.tiles import load_tile, of_state, sigmoid, store_tile, tanh


@triton.jit
def _gru(p0, p1, x2, v2, h, bias, gates, rows, j, B, H: tl.constexpr, HAS_BIAS: tl.constexpr):
    """r, z = sigma(.), n = tanh(x + r v), h = n + z (h - n)."""
    kept: tl.constexpr = 4 * H
    if HAS_BIAS:
        p0 += tl.load(bias + j, mask=j < H, other=0.0)[None, :]
        p1 += tl.load(bias + H + j, mask=j < H, other=0.0)[None, :]
        v2 += tl.load(bias + 2 * H + j, mask=j < H, other=0.0)[None, :]
    r, z = sigmoid(p0), sigmoid(p1)
    n = tanh(x2 + r * v2)
    store_tile(gates, r, rows, j, kept, B, H)
    store_tile(gates + H, z, rows, j, kept, B, H)
    store_tile(gates + 2 * H, n, rows, j, kept, B, H)
    store_tile(gates + 3 * H, v2, rows, j, kept, B, H)
    return n + z * (h - n)


@triton.jit
def _lstm(p0, p1, p2, p3, c, gates, rows, j, B, H: tl.constexpr, CODE: tl.constexpr, KEPT: tl.constexpr):
    """c and h = o tanh c, from the preactivations. Blocks i f g o | i g o | f g o; only the first has a p3."""
    kept: tl.constexpr = KEPT * H
    one = sigmoid(p0)
    store_tile(gates, one, rows, j, kept, B, H)
    if CODE == 2:
        f, g, o = sigmoid(p1), tanh(p2), sigmoid(p3)
        c = f * c + one * g
        store_tile(gates + H, f, rows, j, kept, B, H)
    else:
        g, o = tanh(p1), sigmoid(p2)
        c = c + one * g if CODE == 3 else one * c + (1 - one) * g
    store_tile(gates + (KEPT - 2) * H, g, rows, j, kept, B, H)
    store_tile(gates + (KEPT - 1) * H, o, rows, j, kept, B, H)
    return c, o * tanh(c)


@triton.jit
def forward(
    u, weight, bias, drop, lengths, fresh, state, state_c, a, hp, cp, out, T, B, H: tl.constexpr,
    CODE: tl.constexpr, BLOCKS: tl.constexpr, KEPT: tl.constexpr, REVERSE: tl.constexpr, HAS_BIAS: tl.constexpr,
    HAS_DROP: tl.constexpr, HAS_FRESH: tl.constexpr, ROWS: tl.constexpr, UNITS: tl.constexpr,
):  # fmt: skip
    """All steps of some rows of the batch of one network; every array has one part a network, in order.

    u: [T, B, BLOCKS, H], W x + b. state: [2, B, H], two copies of h that take turns, since a product reads all units of
    the old one. state_c: [B, H], c or nothing. a: [T, B, KEPT, H], the gates. hp, cp: [T, B, H], h and c before each
    step. CODE: as in `numba/jit/codes.py`: 0 tanh, 1 ReLU; 2, 3, 4 the LSTM, that of 1997, the coupled one; 5 the GRU,
    whose blocks are r, z, n and which keeps v = U_n h + b beside them.
    """
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    network = tl.program_id(1).to(tl.int64)  # what it is a factor of may pass 2^31
    weight, bias, drop = weight + network * BLOCKS * H * H, bias + network * BLOCKS * H, drop + network * B * H
    state, state_c = state + network * 2 * B * H, state_c + network * B * H
    long = tl.load(lengths + network * B + rows, mask=rows < B, other=0)
    for step in range(T):
        t = T - 1 - step if REVERSE else step
        at = (network * T + t) * B
        valid = t < long
        anew = valid & False
        if HAS_FRESH:
            anew = tl.load(fresh + at + rows, mask=rows < B, other=0) != 0
        old, new = state + (step % 2) * B * H, state + (1 - step % 2) * B * H
        for first in range(0, H, UNITS):
            j = first + tl.arange(0, UNITS)
            before = load_tile(old, rows, j, H, B, H)
            h = tl.where(anew[:, None], 0.0, before)
            store_tile(hp + at * H, h, rows, j, H, B, H)
            x = u + at * BLOCKS * H
            ld: tl.constexpr = BLOCKS * H
            p0 = load_tile(x, rows, j, ld, B, H) + of_state(
                old, anew, drop, weight, 0, rows, j, B, H, HAS_DROP, ROWS, UNITS
            )
            if CODE == 0:
                after = tanh(p0)
            elif CODE == 1:
                after = tl.where(p0 < 0, 0.0, p0)
            else:
                p1 = load_tile(x + H, rows, j, ld, B, H) + of_state(
                    old, anew, drop, weight, 1, rows, j, B, H, HAS_DROP, ROWS, UNITS
                )
                x2 = load_tile(x + 2 * H, rows, j, ld, B, H)
                v2 = of_state(old, anew, drop, weight, 2, rows, j, B, H, HAS_DROP, ROWS, UNITS)
                if CODE == 5:
                    after = _gru(p0, p1, x2, v2, h, bias, a + at * KEPT * H, rows, j, B, H, HAS_BIAS)
                else:
                    p3 = p0
                    if CODE == 2:
                        p3 = load_tile(x + 3 * H, rows, j, ld, B, H) + of_state(
                            old, anew, drop, weight, 3, rows, j, B, H, HAS_DROP, ROWS, UNITS
                        )
                    c_old = load_tile(state_c, rows, j, H, B, H)
                    c = tl.where(anew[:, None], 0.0, c_old)
                    store_tile(cp + at * H, c, rows, j, H, B, H)
                    c, after = _lstm(p0, p1, x2 + v2, p3, c, a + at * KEPT * H, rows, j, B, H, CODE, KEPT)
                    store_tile(state_c, tl.where(valid[:, None], c, c_old), rows, j, H, B, H)
            store_tile(new, tl.where(valid[:, None], after, before), rows, j, H, B, H)
            store_tile(out + at * H, tl.where(valid[:, None], after, 0.0), rows, j, H, B, H)
        tl.debug_barrier()  # the next step reads all units
