"""The numba kernel as one operation of torch's autograd: tensors in, tensors out, gradients by name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import PARAMETERS, Cell, State
from carousel.nn.kernels.base import Call, Request
from carousel.nn.kernels.numba.launch import Pass
from carousel.nn.kernels.numba.layout import Layout, equal_layout, unequal_layout
from carousel.nn.kernels.numba.recording import FusedRecording
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.numba.warmup import warm_up
from carousel.nn.kernels.reference import differentiate_again, notice_of_second, run_projected


def recur(cell: Cell, call: Call, request: Request) -> tuple[Tensor, State, FusedRecording]:
    """Output, final state, and what the pass keeps of every step."""
    setting = Setting(type(cell), call, request.records and request.gradients, cell.layer_norm, request.every)
    x = cell.project(call.x) if cell.layer_norm else call.x  # a layer norm over all steps at once needs no kernel
    state = call.state or (None,) * len(cell.state_names)
    run: Any = _Recurrence.apply  # torch has no types for it
    output, *final = run(setting, x, call.dropout, *padded(state), *cell.tensors.values())
    return output, cell.state_type(*final), setting.recording


def padded(state: tuple[Tensor | None, ...]) -> tuple[Tensor | None, Tensor | None]:
    """h0 and c0; None for what there is not."""
    return (state[0], state[1] if len(state) > 1 else None)


@dataclass
class Setting:
    """What a pass needs besides its tensors; `recording` is filled by the forward pass."""

    cell: type[Cell]
    call: Call
    keep: bool
    layer_norm: bool
    every: int
    recording: FusedRecording = None  # type: ignore[assignment]

    def layout(self) -> Layout:
        """How the batch is laid out."""
        steps, batch, _ = self.call.x.shape
        if self.call.lengths is None:
            return equal_layout(steps, batch)
        return unequal_layout(self.call.lengths.numpy(), steps)


class _Recurrence(torch.autograd.Function):
    """(x, dropout, h0, c0, parameters in the order of PARAMETERS) -> output [T, B, H], final h, final c (LSTMs)."""

    @staticmethod
    def forward(ctx: Any, setting: Setting, *tensors: Tensor | None) -> Any:
        call, x = setting.call, tensors[0]
        assert x is not None
        warm_up(x.dtype)
        given = dict(zip(NAMES, tensors, strict=True)) | {"fresh": call.reset_mask}
        work = Pass(SPECIFICATIONS[setting.cell], setting.layout(), -1 if call.reverse else 1, given)
        output, final = work.forward()
        ctx.setting, ctx.work = setting, work
        ctx.set_materialize_grads(False)
        setting.recording = FusedRecording(setting.cell, work, setting.every)
        ctx.save_for_backward(*tensors, output)  # may share memory with what backward reads
        return output, *final

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        *saved, _ = ctx.saved_tensors  # raises where one was changed in place since
        needed = dict(zip(NAMES, ctx.needs_input_grad[1:], strict=True))
        if torch.is_grad_enabled():
            warnings.warn(notice_of_second("numba"), KernelNotice, stacklevel=2)
            return None, *by_reference(ctx.setting, dict(zip(NAMES, saved, strict=True)), needed, gradients)
        wanted = given_by(ctx.setting, needed)
        found, derivatives = ctx.work.backward(gradients, {name: name in wanted for name in NAMES}, ctx.setting.keep)
        ctx.setting.recording.add(derivatives)
        return None, *(found.get(name) if needed[name] else None for name in NAMES)


NAMES = ("x", "dropout", "h0", "c0", *PARAMETERS)


def given_by(setting: Setting, needed: dict[str, bool]) -> list[str]:
    """Of what is needed, what a pass gives, in the order of NAMES. Where x comes projected (layer normalisation), the
    parameters that projected it are not the pass's; but a GRU's second bias is summed from the derivatives of x."""
    outside, needed = {"dropout", "norm_ih"}, dict(needed)
    if setting.layer_norm:
        joint = not SPECIFICATIONS[setting.cell].h_first
        outside |= {"weight_ih", "bias_ih"} | ({"bias_hh"} if joint else set())
        needed["x"] = needed["x"] or (needed["bias_hh"] and not joint)
    return [name for name in NAMES if needed[name] and name not in outside]


def by_reference(
    setting: Setting, tensors: dict[str, Tensor | None], needed: dict[str, bool], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """The same derivatives with a graph of their own, through the reference kernel."""
    cell = setting.cell.from_tensors({name: tensors[name] for name in PARAMETERS})
    x, h0, c0 = tensors["x"], tensors["h0"], tensors["c0"]
    assert x is not None
    zero = cell.initial_state(x.shape[1])
    state = type(zero)(*(z if s is None else s for z, s in zip(zero, (h0, c0), strict=False)))
    call = replace(setting.call, state=state, dropout=tensors["dropout"])
    if call.valid is not None:
        x = torch.where(call.valid.unsqueeze(-1), x, 0.0)
    run = run_projected(cell, x if cell.layer_norm else cell.project(x), call, Request())
    return differentiate_again(run, tensors.values(), needed.values(), gradients)
