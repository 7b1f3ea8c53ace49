"""The Triton kernel as one operation of torch's autograd: from the projected input and the state's weights on.

The projection of x before, and the sums over time after the backward sweep, are single matrix products of torch's, of a
population one product a network in one call. A single network is a population of one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import GRU, Cell, State
from carousel.nn.kernels.base import Call, Request, Run
from carousel.nn.kernels.population import PopulationCall, Tensors, stacked, view_of
from carousel.nn.kernels.products import products
from carousel.nn.kernels.reference import differentiate_again, notice_of_second, run_projected, separated
from carousel.nn.kernels.triton.launch import Kept, run_backward, run_forward
from carousel.nn.kernels.triton.recording import DenseRecording


def recur(cell: Cell, call: Call, request: Request) -> tuple[Tensor, State, DenseRecording]:
    """Output, final state, and what the run keeps of every step, of this one network."""
    tensors = {name: _as_first(t) for name, t in cell.tensors.items()}
    state = None if call.state is None else type(call.state)(*(s.unsqueeze(0) for s in call.state))
    one = PopulationCall(1, call.x, state, call.lengths, call.resets, _as_first(call.dropout), call.reverse)
    u = cell.project(_without_padding(one)).unsqueeze(0)
    output, final, recording = _run(type(cell), tensors, one, u, request)
    return output[0], type(final)(*(field[0] for field in final)), recording


def recur_together(
    cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request
) -> tuple[Tensor, State, DenseRecording]:
    """The same of P networks, [P, ...] each."""
    return _run(cell, tensors, call, _project(cell, tensors, call), request)


def _project(cell: type[Cell], tensors: Tensors, call: PopulationCall) -> Tensor:
    """u = W x + b, [P, T, B, G]."""
    x, weight = _without_padding(call), tensors["weight_ih"]
    assert weight is not None
    rows = x.flatten(-3, -2).expand(call.networks, -1, -1)
    u = products(rows, weight.transpose(1, 2))
    one, other = tensors["bias_ih"], tensors["bias_hh"]
    if one is not None and other is not None:
        u = u + (one if cell is GRU else one + other).unsqueeze(1)
    return u.view(call.networks, *x.shape[-3:-1], -1)


def _without_padding(call: PopulationCall) -> Tensor:
    """x with 0 in the padding, since NaN there would survive a product with 0."""
    valid = call.valid
    return call.x if valid is None else torch.where(valid.unsqueeze(-1), call.x, 0.0)


def _as_first(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.unsqueeze(0)


def _run(
    cell: type[Cell], tensors: Tensors, call: PopulationCall, u: Tensor, request: Request
) -> tuple[Tensor, State, DenseRecording]:
    setting, weight = _Setting(cell, tensors, call, request.gradients, request.every), tensors["weight_hh"]
    assert weight is not None
    shape = call.networks, u.shape[2], weight.shape[-1]
    zero = tuple(weight.new_zeros(shape) for _ in cell.state_names)
    h0, *c0 = zero if call.state is None else call.state
    bias = tensors["bias_hh"] if cell is GRU else None  # in the others it is part of the projection
    run: Any = _Recurrence.apply  # torch has no types for it
    output, *final = run(setting, u, weight, bias, call.dropout, h0, c0[0] if c0 else None)
    return output, cell.state_type(*final), setting.recording


@dataclass
class _Setting:
    """What a run needs besides its tensors; `recording` is filled by the forward pass."""

    cell: type[Cell]
    tensors: Tensors
    call: PopulationCall
    keep: bool
    every: int
    recording: DenseRecording = None  # type: ignore[assignment]


class _Recurrence(torch.autograd.Function):
    """(u [P, T, B, G], weight_hh, bias_hh of a GRU, dropout, h0, c0) -> output [P, T, B, H], final h, c (LSTMs)."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, *tensors: Tensor | None) -> Any:
        u, weight, bias, drop, h0, c0 = (None if t is None else t.detach().contiguous() for t in tensors)
        assert u is not None and weight is not None and h0 is not None
        out, final, kept = run_forward(setting.cell, setting.call, u, weight, bias, drop, h0, c0)
        setting.recording = DenseRecording(setting.cell, kept.a, kept.hp, kept.cp, kept.out, setting.every)
        ctx.setting, ctx.kept = setting, kept
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, out)
        return out, *final

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        *tensors, _ = ctx.saved_tensors  # raises where one was changed in place since
        if torch.is_grad_enabled():
            warnings.warn(notice_of_second("Triton"), KernelNotice, stacklevel=2)
            return None, *_by_reference(ctx.setting, separated(tensors), ctx.needs_input_grad[1:], gradients)
        found = _derivatives(ctx.setting, ctx.kept, gradients)
        return None, *(f if needed else None for f, needed in zip(found, ctx.needs_input_grad[1:], strict=True))


def _derivatives(setting: _Setting, kept: Kept, gradients: tuple[Tensor | None, ...]) -> list[Tensor | None]:
    """Of u, weight_hh, bias_hh, dropout (none), h0, c0."""
    found, valid = run_backward(setting.cell, setting.call, kept, gradients), setting.call.valid
    if setting.keep:
        setting.recording.add(found.h, found.c)
    seen = kept.hp if kept.drop is None else kept.hp * kept.drop.unsqueeze(1)
    if valid is not None:  # no step, no product
        seen = torch.where(valid.unsqueeze(-1), seen, 0.0)
    rows = found.v.flatten(1, 2)
    of_bias = rows.sum(1) if setting.cell is GRU else None
    return [found.u, products(rows.transpose(1, 2), seen.flatten(1, 2)), of_bias, None, found.h0, found.c0]


def _by_reference(
    setting: _Setting, tensors: list[Tensor | None], needed: tuple[bool, ...], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """The same derivatives with a graph of their own, through the reference kernel, network by network."""
    runs = [_alone_by_reference(setting, network, tensors) for network in range(setting.call.networks)]
    return differentiate_again(stacked(runs), tensors, needed, gradients)


def _alone_by_reference(setting: _Setting, network: int, tensors: list[Tensor | None]) -> Run:
    u, weight, bias, drop, h0, c0 = (None if t is None else t[network] for t in tensors)
    assert u is not None
    given = {"weight_hh": weight} | ({} if bias is None else {"bias_hh": bias})
    view = view_of(setting.cell, setting.tensors, network)
    state = view.state_type(*(s for s in (h0, c0) if s is not None))
    call = replace(setting.call.of(network), state=state, dropout=drop)
    return run_projected(view.from_tensors(view.tensors | given), u, call, Request())
