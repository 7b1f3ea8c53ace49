"""Where things are: the rows of a step, and what a fresh start or dropout does to a state between two steps."""

from __future__ import annotations

from numba.extending import register_jitable

from carousel.nn.kernels.numba.jit.compilation import inlined, inner
from carousel.nn.kernels.numba.jit.load_store import load, store, take_row


@register_jitable
def rounded_up(number, unit):
    """The next multiple of the unit; Python calls it too."""
    return -(-number // unit) * unit


@inlined
def count_at(start, b0, most, t):
    """Sequences b0 .. b0 + most that run at step t; none beyond the ends."""
    if t < 0 or t + 1 >= len(start):
        return 0
    return min(max(start[t + 1] - start[t] - b0, 0), most)


@inlined
def find_outputs(t, count, b0, order, batch, hidden, out_at):
    """Each running sequence's row of the output."""
    for r in range(count):
        out_at[r] = (t * batch + order[b0 + r]) * hidden


@inlined
def find_next(t, after, count, start, total, b0, most, padded, next_at):
    """Where each running sequence's new h goes. after: +1 or -1, the direction of time."""
    _find_neighbours(t + after, count, start, total, b0, most, padded, next_at)


@inlined
def find_previous(t, after, count, start, total, b0, most, order, fresh, batch, padded, prev_at):
    """Where what each running sequence carries comes from: the row of zeros where it starts anew."""
    _find_neighbours(t - after, count, start, total, b0, most, padded, prev_at)
    if len(fresh):
        for r in range(count):
            if fresh[t * batch + order[b0 + r]]:
                prev_at[r] = (total + batch) * padded


@inlined
def _find_neighbours(t, count, start, total, b0, most, padded, at):
    """The rows of step t, or a sequence's own row beyond all steps where it does not run then."""
    for r in range(count):
        at[r] = (total + b0 + r) * padded
    for r in range(min(count, count_at(start, b0, most, t))):
        at[r] = (start[t] + b0 + r) * padded


@inner
def fill(array, at, width):
    """Zeros."""
    for j in range(width):
        array[at + j] = 0


@inner
def begin(after, start, total, b0, most, order, sizes, h0, c0, hp, c, state_h, state_c):
    """Initial states: the current ones, and in the rows where the backward pass will look for them."""
    hidden, padded, lanes = sizes
    for r in range(most):
        t = 0
        if after < 0:
            while count_at(start, b0, most, t + 1) > r:
                t += 1
        take_row(h0, order[b0 + r] * hidden, hidden, hp, (start[t] + b0 + r) * padded, padded, lanes)
        take_row(h0, order[b0 + r] * hidden, hidden, state_h, r * padded, padded, lanes)
        take_row(c0, order[b0 + r] * hidden, hidden, state_c, r * padded, padded, lanes)
        if len(c):
            take_row(c0, order[b0 + r] * hidden, hidden, c, (total + b0 + r) * padded, padded, lanes)


@inner
def start_anew(t, count, start, b0, order, fresh, batch, padded, hp, state_h, state_c):
    """h_{t-1} = 0 and c_{t-1} = 0 where a sequence begins again at step t."""
    for r in range(count):
        if fresh[t * batch + order[b0 + r]]:
            fill(hp, (start[t] + b0 + r) * padded, padded)
            fill(state_h, r * padded, padded)
            fill(state_c, r * padded, padded)


@inlined
def apply_dropout(count, b0, order, drop, source, source_at, out, out_at, out_ld, sizes):
    """out = source, times the dropout mask of each sequence where there is one."""
    _, padded, lanes = sizes
    for r in range(count):
        for j in range(0, padded, lanes):
            value = load(source, source_at + r * padded + j)
            if len(drop):
                value = value * load(drop, order[b0 + r] * padded + j)
            store(out, out_at + r * out_ld + j, value)


@inlined
def leave(t, count, b0, order, fresh, drop, batch, sizes, carry_h, carry_s):
    """What the derivatives meet between step t and the one before: the dropout mask; nothing passes a fresh start."""
    _, padded, _ = sizes
    if len(drop):
        apply_dropout(count, b0, order, drop, carry_h, 0, carry_h, 0, padded, sizes)
    if len(fresh):
        for r in range(count):
            if fresh[t * batch + order[b0 + r]]:
                fill(carry_h, r * padded, padded)
                fill(carry_s, r * padded, padded)
