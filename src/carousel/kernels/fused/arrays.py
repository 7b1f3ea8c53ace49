"""The arrays that a pass is given, keeps and returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from carousel.kernels.fused.matrix import HALF
from carousel.kernels.fused.simd import lanes as lanes_of
from carousel.kernels.fused.tile import ROWS


class Sizes(NamedTuple):
    """hidden: H. padded: H in whole registers and tiles. lanes: numbers in a register. width: I. inputs: I + 1 in whole
    tiles. columns: I in whole registers."""

    hidden: int
    padded: int
    lanes: int
    width: int
    inputs: int
    columns: int


def sizes_of(hidden: int, width: int, dtype: np.dtype) -> Sizes:
    """The sizes of arrays for H units, I inputs."""
    lanes = lanes_of(dtype.itemsize)
    return Sizes(
        hidden,
        rounded_up(hidden, max(lanes, ROWS)),
        lanes,
        width,
        rounded_up(width + 1, HALF),
        rounded_up(width, lanes),
    )


class Inputs(NamedTuple):
    """What a pass is given, flat, in the caller's order; empty where there is none.

    x: [T, B, I]. h0, c0: [B, H]. w_ih: [G, I]. w_hh: [G, H]. bias: [x_blocks * padded] of the input's product, bias_v
    of the blocks that only the state reaches. fresh: [T, B] bool, True where the state is 0 before that step (in the
    order
    of time of this pass). drop: [B, padded]. gain: [h_blocks * padded], and then x is [T, B, G] and already W x + b;
    gain_m, bias_m: [padded].
    """

    x: np.ndarray
    h0: np.ndarray
    c0: np.ndarray
    w_ih: np.ndarray
    w_hh: np.ndarray
    bias: np.ndarray
    bias_v: np.ndarray
    fresh: np.ndarray
    drop: np.ndarray
    gain: np.ndarray
    gain_m: np.ndarray
    bias_m: np.ndarray


class Kept(NamedTuple):
    """What a forward pass leaves for the backward pass and for a tape: see `forward.py`. out: [T, B, H]."""

    v: np.ndarray
    v_scale: np.ndarray
    m: np.ndarray
    m_scale: np.ndarray
    a: np.ndarray
    hp: np.ndarray
    c: np.ndarray
    out: np.ndarray


class Wanted(NamedTuple):
    """Which derivatives a backward pass shall give, and whether it keeps those of every state."""

    x: bool
    weights: bool
    keep: bool


class GivenDerivatives(NamedTuple):
    """Of the output [T, B, H] and the final states [B, H]; empty where there are none."""

    out: np.ndarray
    h: np.ndarray
    c: np.ndarray


@dataclass
class Derivatives:
    """Empty where not wanted. dx: as x. dh0, dc0: [B, H]. dh, dc: [N, padded], of every state.

    sums: dw_h [h_blocks, padded, padded]; dw_x [inputs, x_blocks, padded], whose row I is that of the bias; dbv
    [padded] of the bias that only the state's product has; with layer normalisation those of its gains and bias.
    """

    dx: np.ndarray
    dh0: np.ndarray
    dc0: np.ndarray
    dh: np.ndarray
    dc: np.ndarray
    sums: list[np.ndarray] = field(default_factory=list)


def rounded_up(number: int, unit: int) -> int:
    """The next multiple of the unit."""
    return -(-number // unit) * unit
