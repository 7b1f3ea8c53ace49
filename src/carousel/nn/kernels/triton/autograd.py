"""The Triton kernel as one operation of torch's autograd: from the projected input and the state's weights on.

The projection of x before, and the sums over time after the backward sweep, are single matrix products of torch's.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import GRU, Cell, State
from carousel.nn.kernels.base import Call, Request
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.reference import differentiate_again, notice_of_second, run_projected, separated
from carousel.nn.kernels.triton.jit.backward import backward
from carousel.nn.kernels.triton.jit.forward import forward
from carousel.nn.kernels.triton.recording import DenseRecording

_ROWS = 16  # of the batch to a program: the least that a matrix unit takes
_NARROW, _WIDE = 64, 128  # units in a tile, the least of them that holds H; measured by benchmarks/gpu.py
_WARPS = 8


def recur(cell: Cell, call: Call, request: Request) -> tuple[Tensor, State, DenseRecording]:
    """Output, final state, and what the run keeps of every step."""
    x, valid = call.x, call.valid
    if valid is not None:
        x = torch.where(valid.unsqueeze(-1), x, 0.0)  # NaN in the padding would survive a product with 0
    state = call.state if call.state is not None else cell.initial_state(x.shape[1])
    bias = cell.bias_hh if isinstance(cell, GRU) else None  # in the others it is part of the projection
    setting = _Setting(cell, call, request.gradients, request.every)
    c0 = state[1] if len(state) > 1 else None
    run: Any = _Recurrence.apply  # torch has no types for it
    output, *final = run(setting, cell.project(x), cell.weight_hh, bias, call.dropout, state[0], c0)
    return output, cell.state_type(*final), setting.recording


@dataclass
class _Setting:
    """What a run needs besides its tensors; `recording` is filled by the forward pass."""

    cell: Cell
    call: Call
    keep: bool
    every: int
    recording: DenseRecording = None  # type: ignore[assignment]

    def options(self) -> dict[str, Any]:
        """What both sweeps are compiled for."""
        blocks = len(self.cell.blocks)
        return {
            "H": self.cell.hidden_size, "CODE": SPECIFICATIONS[type(self.cell)].code, "BLOCKS": blocks,
            "KEPT": 0 if blocks == 1 else 4 if isinstance(self.cell, GRU) else blocks, "REVERSE": self.call.reverse,
            "HAS_DROP": self.call.dropout is not None, "HAS_FRESH": self.call.resets is not None,
            "ROWS": _ROWS, "UNITS": _NARROW if self.cell.hidden_size <= _NARROW else _WIDE,
        }  # fmt: skip


class _Recurrence(torch.autograd.Function):
    """(u [T, B, G], weight_hh, bias_hh of a GRU, dropout, h0, c0) -> output [T, B, H], final h, final c (LSTMs)."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, *tensors: Tensor | None) -> Any:
        u, weight, bias, drop, h0, c0 = (None if t is None else t.detach().contiguous() for t in tensors)
        assert u is not None and weight is not None and h0 is not None
        (steps, batch, _), hidden, call = u.shape, h0.shape[1], setting.call
        options = setting.options()
        state, state_c = torch.stack([h0, h0]), h0.new_empty(0) if c0 is None else c0.clone()
        a, hp = u.new_empty(steps, batch, options["KEPT"], hidden), u.new_empty(steps, batch, hidden)
        cp, out = torch.empty_like(hp) if c0 is not None else hp[:0], torch.empty_like(hp)
        seen = out.detach()  # `out` itself will hold this node, and what is kept here would hold `out`: never freed
        full = torch.full((batch,), steps, device=u.device)
        lengths = (full if call.lengths is None else call.lengths.to(full)).to(torch.int32)
        fresh = call.reset_mask.contiguous().to(torch.uint8) if call.reset_mask is not None else lengths
        ctx.setting, ctx.kept = setting, (weight, drop, lengths, fresh, a, hp, cp, seen)
        _launch(
            forward, batch, u, weight, weight if bias is None else bias, weight if drop is None else drop, lengths,
            fresh, state, state_c, a, hp, cp, out, steps, batch, HAS_BIAS=bias is not None, **options,
        )  # fmt: skip
        setting.recording = DenseRecording(type(setting.cell), a, hp, cp, seen, setting.every)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, out)
        return out, state[steps % 2].clone(), *(() if c0 is None else (state_c,))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        *tensors, _ = ctx.saved_tensors
        if torch.is_grad_enabled():
            warnings.warn(notice_of_second("Triton"), KernelNotice, stacklevel=2)
            return None, *_by_reference(ctx.setting, tensors, ctx.needs_input_grad[1:], gradients)
        found = _sweep(ctx.setting, ctx.kept, gradients)
        return None, *(f if needed else None for f, needed in zip(found, ctx.needs_input_grad[1:], strict=True))


def _sweep(setting: _Setting, kept: tuple[Any, ...], gradients: tuple[Tensor | None, ...]) -> list[Tensor | None]:
    """The derivatives of u, weight_hh, bias_hh, dropout (none), h0, c0."""
    weight, drop, lengths, fresh, a, hp, cp, out = kept
    options, (steps, batch, hidden) = setting.options(), hp.shape
    g, gh, gc = (*gradients, None)[:3]
    g = torch.zeros_like(hp) if g is None else g.contiguous()
    carry_h, carry_c = (hp.new_zeros(batch, hidden) if t is None else t.clone() for t in (gh, gc))
    d = hp.new_empty(steps, batch, options["BLOCKS"] * hidden)
    dv = torch.empty_like(d) if isinstance(setting.cell, GRU) else d
    dh, dc, past = torch.empty_like(hp), torch.empty_like(cp), torch.empty_like(carry_h)
    _launch(
        backward, batch, g, weight, weight if drop is None else drop, lengths, fresh, a, hp, cp, out, carry_h, carry_c,
        past, d, dv, dh, dc, steps, batch, **options,
    )  # fmt: skip
    if setting.keep:
        setting.recording.add(dh, dc)
    seen = hp if drop is None else hp * drop
    if setting.call.valid is not None:  # no step, no product
        seen = torch.where(setting.call.valid.unsqueeze(-1), seen, 0.0)
    rows = dv.reshape(steps * batch, -1)
    of_bias = rows.sum(0) if isinstance(setting.cell, GRU) else None
    return [d, rows.T @ seen.reshape(steps * batch, hidden), of_bias, None, carry_h, carry_c if len(cp) else None]


def _launch(kernel: Any, batch: int, *arguments: Any, **options: Any) -> None:
    kernel[(-(-batch // _ROWS),)](*arguments, num_warps=_WARPS, **options)


def _by_reference(
    setting: _Setting, tensors: list[Tensor | None], needed: tuple[bool, ...], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """The same derivatives with a graph of their own, through the reference kernel."""
    u, weight, bias, drop, h0, c0 = tensors = separated(tensors)
    assert u is not None
    given = {"weight_hh": weight} | ({} if bias is None else {"bias_hh": bias})
    cell = setting.cell.from_tensors(setting.cell.tensors | given)
    state = setting.cell.state_type(*(s for s in (h0, c0) if s is not None))
    run = run_projected(cell, u, replace(setting.call, state=state, dropout=drop), Request())
    return differentiate_again(run, tensors, needed, gradients)
