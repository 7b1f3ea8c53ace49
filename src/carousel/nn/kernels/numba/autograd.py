"""The numba kernel as one operation of torch's autograd: tensors in, tensors out, gradients by name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import PARAMETERS, Cell, State
from carousel.nn.kernels.base import Call, Request, Run
from carousel.nn.kernels.numba.launch import Pass
from carousel.nn.kernels.numba.layout import Layout, equal_layout, unequal_layout
from carousel.nn.kernels.numba.recording import FusedRecording
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.numba.warmup import warm_up
from carousel.nn.kernels.population import PopulationCall, stacked, view_of
from carousel.nn.kernels.reference import differentiate_again, notice_of_second, run_projected, separated


def recur(cell: Cell, call: Call, request: Request) -> tuple[Tensor, State, FusedRecording]:
    """Output, final state, and what the pass keeps of every step."""
    setting = Setting(type(cell), call, request.records and request.gradients, cell.layer_norm, request.every)
    x = cell.project(call.x) if cell.layer_norm else call.x  # a layer norm over all steps at once needs no kernel
    output, final = _apply(setting, x, cell.tensors)
    return output, final, setting.recordings[0]


def recur_together(
    cell: type[Cell], tensors: dict[str, Tensor | None], call: PopulationCall, request: Request
) -> tuple[Tensor, State, list[FusedRecording]]:
    """The same of P networks, [P, ...] each; tensors: PARAMETERS by name, [P, ...]."""
    normed = tensors["norm_hh"] is not None
    setting = Setting(cell, call, request.records and request.gradients, normed, request.every)
    x, networks = call.x, range(call.networks)
    if normed:
        x = torch.stack([view_of(cell, tensors, network).project(call.of(network).x) for network in networks])
    output, final = _apply(setting, x, tensors)
    return output, final, setting.recordings


def _apply(setting: Setting, x: Tensor, tensors: dict[str, Tensor | None]) -> tuple[Tensor, State]:
    state = setting.call.state or (None,) * len(setting.cell.state_names)
    run: Any = _Recurrence.apply  # torch has no types for it
    output, *final = run(setting, x, setting.call.dropout, *padded(state), *tensors.values())
    return output, setting.cell.state_type(*final)


def padded(state: tuple[Tensor | None, ...]) -> tuple[Tensor | None, Tensor | None]:
    """h0 and c0; None for what there is not."""
    return (state[0], state[1] if len(state) > 1 else None)


@dataclass
class Setting:
    """What a pass needs besides its tensors; `recordings`, one a network, are filled by the forward pass."""

    cell: type[Cell]
    call: Call | PopulationCall
    keep: bool
    layer_norm: bool
    every: int
    recordings: list[FusedRecording] = field(default_factory=list)

    @property
    def networks(self) -> int:
        """P, 1 of a plain call."""
        return self.call.networks if isinstance(self.call, PopulationCall) else 1

    def alone(self, network: int) -> Call:
        """The call of one network."""
        return self.call.of(network) if isinstance(self.call, PopulationCall) else self.call

    def layouts(self) -> list[Layout]:
        """How the batch is laid out: one for all networks, or one each."""
        (steps, batch), lengths = self.call.x.shape[-3:-1], self.call.lengths
        if lengths is None:
            return [equal_layout(steps, batch)]
        return [unequal_layout(each.numpy(), steps) for each in lengths.view(-1, batch)]

    def own(self, given: dict[str, Tensor | None]) -> frozenset[str]:
        """The tensors of which each network has its own."""
        if not isinstance(self.call, PopulationCall):
            return frozenset()
        may_be_shared = {"x": 3, "dropout": 2, "fresh": 2}  # their axes where they are
        apart = {name for name, axes in may_be_shared.items() if (t := given[name]) is not None and t.dim() > axes}
        return frozenset({"h0", "c0", *PARAMETERS, *apart})


class _Recurrence(torch.autograd.Function):
    """(x, dropout, h0, c0, parameters in the order of PARAMETERS) -> output [T, B, H], final h, final c (LSTMs); of a
    population [P, T, B, H] and [P, B, H]."""

    @staticmethod
    def forward(ctx: Any, setting: Setting, *tensors: Tensor | None) -> Any:
        x, spec, after = tensors[0], SPECIFICATIONS[setting.cell], -1 if setting.call.reverse else 1
        assert x is not None
        warm_up(x.dtype)
        given = dict(zip(NAMES, tensors, strict=True)) | {"fresh": setting.call.reset_mask}
        work = Pass(spec, setting.layouts(), after, given, setting.own(given), setting.networks)
        output, final = work.forward()
        ctx.setting, ctx.work = setting, work
        ctx.set_materialize_grads(False)
        setting.recordings = [FusedRecording(setting.cell, work, setting.every, n) for n in range(setting.networks)]
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
        for recording in ctx.setting.recordings:
            recording.add(derivatives)
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
    """The same derivatives with a graph of their own, through the reference kernel, network by network."""
    tensors = dict(zip(tensors, separated(tensors.values()), strict=True))
    own = setting.own(tensors | {"fresh": None})
    runs = [_alone_by_reference(setting, network, tensors, own) for network in range(setting.networks)]
    return differentiate_again(stacked(runs) if own else runs[0], tensors.values(), needed.values(), gradients)


def _alone_by_reference(setting: Setting, network: int, tensors: dict[str, Tensor | None], own: frozenset[str]) -> Run:
    given = {name: t[network] if t is not None and name in own else t for name, t in tensors.items()}
    cell = setting.cell.from_tensors({name: given[name] for name in PARAMETERS})
    x, h0, c0 = given["x"], given["h0"], given["c0"]
    assert x is not None
    zero = cell.initial_state(x.shape[1])
    state = type(zero)(*(z if s is None else s for z, s in zip(zero, (h0, c0), strict=False)))
    call = replace(setting.alone(network), state=state, dropout=given["dropout"])
    if call.valid is not None:
        x = torch.where(call.valid.unsqueeze(-1), x, 0.0)
    return run_projected(cell, x if cell.layer_norm else cell.project(x), call, Request())
