"""Both sweeps launched over all networks and the whole batch, with the memory that they write."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.nn.cells import GRU, Cell
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.population import PopulationCall
from carousel.nn.kernels.triton.jit.backward import backward
from carousel.nn.kernels.triton.jit.forward import forward

_ROWS = 16  # of the batch to a program: the least that a matrix unit takes
_NARROW, _WIDE = 64, 128  # units in a tile, the least of them that holds H; measured by benchmarks/gpu.py
_WARPS = 8
_MOST = 65_535  # of a grid's second axis


class Kept(NamedTuple):
    """What the forward sweep leaves for the backward one; shapes as in `jit/forward.py`, [P, ...] each."""

    weight: Tensor
    drop: Tensor | None
    lengths: Tensor
    fresh: Tensor
    a: Tensor
    hp: Tensor
    cp: Tensor
    out: Tensor


class Derivatives(NamedTuple):
    """u, v: of the preactivations' two parts, [P, T, B, G], one tensor but for a GRU. h, c: in full, [P, T, B, H]; c is
    empty where there is none. h0, c0: [P, B, H]."""

    u: Tensor
    v: Tensor
    h: Tensor
    c: Tensor
    h0: Tensor
    c0: Tensor | None


def run_forward(
    cell: type[Cell], call: PopulationCall, u: Tensor, weight: Tensor, bias: Tensor | None, drop: Tensor | None,
    h0: Tensor, c0: Tensor | None,
) -> tuple[Tensor, list[Tensor], Kept]:  # fmt: skip
    """Output [P, T, B, H], the final states [P, B, H], and what is kept. All that is given is contiguous."""
    (networks, steps, batch, _), hidden = u.shape, h0.shape[-1]
    options = _options(cell, call, hidden)
    state, state_c = torch.stack([h0, h0], dim=1), h0.new_empty(0) if c0 is None else c0.clone()
    a, hp = (u.new_empty(networks, steps, batch, *rest) for rest in ((options["KEPT"], hidden), (hidden,)))
    out, cp = torch.empty_like(hp), torch.empty_like(hp) if c0 is not None else hp[:, :0]
    full = torch.full((networks, batch), steps, device=u.device, dtype=torch.int32)
    lengths = full if call.lengths is None else call.lengths.to(full).expand(networks, -1).contiguous()
    fresh = lengths
    if call.reset_mask is not None:
        fresh = call.reset_mask.to(u.device, torch.uint8).expand(networks, -1, -1).contiguous()
    _launch(
        forward, networks, batch, u, weight, weight if bias is None else bias, weight if drop is None else drop,
        lengths, fresh, state, state_c, a, hp, cp, out, steps, batch, HAS_BIAS=bias is not None, **options,
    )  # fmt: skip
    # `out` will hold the node that keeps this, which would hold `out`: never freed
    kept = Kept(weight, drop, lengths, fresh, a, hp, cp, out.detach())
    return out, [state[:, steps % 2].clone(), *(() if c0 is None else (state_c,))], kept


def run_backward(
    cell: type[Cell], call: PopulationCall, kept: Kept, gradients: tuple[Tensor | None, ...]
) -> Derivatives:
    """gradients: of the output and the final states."""
    (networks, steps, batch, hidden), hp = kept.hp.shape, kept.hp
    options = _options(cell, call, hidden)
    g, gh, gc = (*gradients, None)[:3]
    g = torch.zeros_like(hp) if g is None else g.contiguous()
    zero = hp.new_zeros(networks, batch, hidden)
    carry_h, carry_c = (zero.clone() if t is None else torch.empty_like(zero).copy_(t) for t in (gh, gc))
    d = hp.new_empty(networks, steps, batch, options["BLOCKS"] * hidden)
    dv = torch.empty_like(d) if cell is GRU else d
    dh, dc, past = torch.empty_like(hp), torch.empty_like(kept.cp), torch.empty_like(carry_h)
    _launch(
        backward, networks, batch, g, kept.weight, kept.weight if kept.drop is None else kept.drop, kept.lengths,
        kept.fresh, kept.a, hp, kept.cp, kept.out, carry_h, carry_c, past, d, dv, dh, dc, steps, batch, **options,
    )  # fmt: skip
    return Derivatives(d, dv, dh, dc, carry_h, carry_c if kept.cp.numel() else None)


def _options(cell: type[Cell], call: PopulationCall, hidden: int) -> dict[str, Any]:
    """What a sweep is compiled for."""
    blocks = len(cell.blocks)
    return {
        "H": hidden, "CODE": SPECIFICATIONS[cell].code, "BLOCKS": blocks,
        "KEPT": 0 if blocks == 1 else 4 if cell is GRU else blocks, "REVERSE": call.reverse,
        "HAS_DROP": call.dropout is not None, "HAS_FRESH": call.resets is not None,
        "ROWS": _ROWS, "UNITS": _NARROW if hidden <= _NARROW else _WIDE,
    }  # fmt: skip


def _launch(kernel: Any, networks: int, batch: int, *arguments: Any, **options: Any) -> None:
    if networks > _MOST:
        raise BadCall("one launch on a GPU runs so many networks at most", allowed=_MOST, got=networks,
                      fix="make several populations")  # fmt: skip
    kernel[(-(-batch // _ROWS), networks)](*arguments, num_warps=_WARPS, **options)
