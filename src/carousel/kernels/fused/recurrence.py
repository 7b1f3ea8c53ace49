"""The numba kernel as one operation of torch's autograd: tensors in, tensors out, gradients by name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from carousel.cells import PARAMETERS, Cell, State
from carousel.errors import KernelNotice
from carousel.kernels.base import Call, Request
from carousel.kernels.fused.arrays import Derivatives, GivenDerivatives, Inputs, Kept, Wanted, sizes_of
from carousel.kernels.fused.layout import Layout, equal_layout, unequal_layout
from carousel.kernels.fused.passes import Pass
from carousel.kernels.fused.prepare import prepare
from carousel.kernels.fused.recording import FusedRecording
from carousel.kernels.fused.specification import SPECIFICATIONS
from carousel.kernels.reference import run_projected

_SECOND = (
    "second derivatives: the numba kernel has none of its own; this backward pass is computed again by the "
    "reference kernel, step by step"
)


def recur(cell: Cell, call: Call, request: Request) -> tuple[Tensor, State, FusedRecording]:
    """Output, final state, and what the pass keeps of every step."""
    setting = _Setting(type(cell), call, request.records and request.gradients, cell.layer_norm)
    x = cell.project(call.x) if cell.layer_norm else call.x  # a layer norm over all steps at once needs no kernel
    state = call.state or (None,) * len(cell.state_names)
    output, *final = _Recurrence.apply(setting, x, call.dropout, *_padded(state), *cell.tensors.values())
    empty = cell.initial_state(1)
    return output, type(empty)(*final[: len(empty)]), setting.recording


def _padded(state: tuple[Tensor | None, ...]) -> tuple[Tensor | None, Tensor | None]:
    return (state[0], state[1] if len(state) > 1 else None)


@dataclass
class _Setting:
    """What a pass needs beside its tensors; `recording` is filled by the forward pass."""

    cell: type[Cell]
    call: Call
    keep: bool
    layer_norm: bool
    recording: FusedRecording = None  # type: ignore[assignment]

    @property
    def keep_u(self) -> bool:
        """Whether the second bias of a layer-normalised GRU needs the derivatives of the projected input."""
        return self.layer_norm and SPECIFICATIONS[self.cell].h_first > 0

    def layout(self) -> Layout:
        steps, batch, _ = self.call.x.shape
        if self.call.lengths is None:
            return equal_layout(steps, batch)
        return unequal_layout(self.call.lengths.numpy(), steps)


class _Recurrence(torch.autograd.Function):
    """(x, dropout, h0, c0, parameters in the order of PARAMETERS) -> output [T, B, H], final h, final c (LSTMs)."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, *tensors: Tensor | None) -> Any:
        work = _make_pass(setting, dict(zip(_NAMES, tensors, strict=True)))
        kept = work.forward()
        ctx.setting, ctx.work, ctx.kept = setting, work, kept
        ctx.set_materialize_grads(False)
        setting.recording = FusedRecording(setting.cell, work, kept)
        output = torch.from_numpy(kept.out.reshape(work.layout.steps, work.layout.batch, -1))
        ctx.save_for_backward(*tensors, output)  # may share memory with what backward reads
        return output, *_final(work, kept)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        *saved, _ = ctx.saved_tensors  # raises where one was changed in place since
        tensors = dict(zip(_NAMES, saved, strict=True))
        needed = dict(zip(_NAMES, ctx.needs_input_grad[1:], strict=True))
        if torch.is_grad_enabled():
            warnings.warn(_SECOND, KernelNotice, stacklevel=2)
            return None, *_by_reference(ctx.setting, tensors, needed, gradients)
        of_u = ctx.setting.keep_u and needed["bias_hh"]  # summed from the derivatives of u
        wanted = Wanted(needed["x"] or of_u, any(needed[name] for name in PARAMETERS), ctx.setting.keep)
        g, gh, gc = (_flat(t, ctx.work.given.x.dtype) for t in (*gradients, None)[:3])
        found = ctx.work.backward(ctx.kept, GivenDerivatives(g, gh, gc), wanted)
        ctx.setting.recording.add(found)
        by_name = _gradients(ctx.work, found)
        return None, *(by_name[name] if needed[name] else None for name in _NAMES)


_NAMES = ("x", "dropout", "h0", "c0", *PARAMETERS)


def _make_pass(setting: _Setting, tensors: dict[str, Tensor | None]) -> Pass:
    spec, call = SPECIFICATIONS[setting.cell], setting.call
    x, weight_hh = tensors["x"], tensors["weight_hh"]
    assert x is not None and weight_hh is not None
    hidden, dtype = weight_hh.shape[1], _flat(x).dtype
    sizes = sizes_of(hidden, x.shape[-1], dtype)
    prepare(dtype)
    bias, bias_v = _biases(setting.cell, tensors, sizes.padded, dtype)
    fresh = call.fresh

    def padded(name: str) -> np.ndarray:
        tensor = tensors[name]
        return _flat(tensor, dtype) if tensor is None else _rows(tensor, hidden, sizes.padded, dtype)

    given = Inputs(
        x=_flat(x), h0=_flat(tensors["h0"], dtype), c0=_flat(tensors["c0"], dtype),
        w_ih=_flat(tensors["weight_ih"]), w_hh=_flat(weight_hh), bias=bias, bias_v=bias_v,
        fresh=np.empty(0, np.bool_) if fresh is None else _flat(fresh), drop=padded("dropout"),
        gain=padded("norm_hh"), gain_m=padded("norm_c"), bias_m=padded("norm_c_bias"),
    )  # fmt: skip
    return Pass(spec, setting.layout(), sizes, -1 if call.reverse else 1, given)


def _biases(
    cell: type[Cell], tensors: dict[str, Tensor | None], padded: int, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Padded: what is added where the input's product arrives, and where only the state's does.

    With layer normalisation the input comes with its bias, and only a GRU's second is left (the LSTM's and the Elman
    cell's stand in the same sum as the first).
    """
    spec, hidden = SPECIFICATIONS[cell], tensors["weight_hh"].shape[1]  # type: ignore[union-attr]
    bias = np.zeros((spec.blocks, padded), dtype)
    b_ih, b_hh = tensors["bias_ih"], tensors["bias_hh"]
    if b_ih is not None and b_hh is not None:
        normalised = tensors["norm_hh"] is not None
        if not normalised:
            bias[: len(spec.x_order), :hidden] += _flat(b_ih).reshape(-1, hidden)[list(spec.x_order)]
        if not normalised or spec.h_first:
            bias[spec.h_first :, :hidden] += _flat(b_hh).reshape(-1, hidden)[list(spec.h_order)]
    return bias[: len(spec.x_order)].reshape(-1), bias[len(spec.x_order) :].reshape(-1)


def _final(work: Pass, kept: Kept) -> list[Tensor]:
    """The states after each sequence's last step in the caller's order, [B, H] each."""
    layout, sizes = work.layout, work.sizes
    back = np.argsort(layout.order)
    h = kept.hp.reshape(-1, sizes.padded)[layout.total + back, : sizes.hidden]
    if not work.spec.has_c:
        return [torch.from_numpy(h)]
    rows = layout.last_rows(work.after)
    return [torch.from_numpy(h), torch.from_numpy(kept.c.reshape(-1, sizes.padded)[rows, : sizes.hidden])]


def _gradients(work: Pass, found: Derivatives) -> dict[str, Any]:
    """The derivatives in the shapes of what they belong to. Dropout masks have none."""
    spec, sizes, layout = work.spec, work.sizes, work.layout
    by_name: dict[str, Any] = dict.fromkeys(_NAMES)
    if len(found.dx):
        by_name["x"] = torch.from_numpy(found.dx.reshape(layout.steps, layout.batch, -1))
    by_name["h0"] = torch.from_numpy(found.dh0.reshape(layout.batch, -1))
    by_name["c0"] = torch.from_numpy(found.dc0.reshape(layout.batch, -1))
    dw_h, dw_x, dbv, dgain, dgain_m, dbias_m = found.sums
    hidden, width, padded = sizes.hidden, sizes.width, sizes.padded
    if len(dgain):
        by_name["norm_hh"] = _tensor(dgain.reshape(-1, padded)[:, :hidden].reshape(-1))
    if len(dgain_m):
        by_name["norm_c"], by_name["norm_c_bias"] = _tensor(dgain_m[:hidden]), _tensor(dbias_m[:hidden])
    if not len(dw_h):
        return by_name
    by_name["weight_hh"] = _tensor(dw_h.reshape(-1, padded, padded)[:, :hidden, :hidden].reshape(-1, hidden))
    if len(dgain):
        db = found.dx.reshape(-1, width).sum(axis=0).reshape(-1, hidden) if len(found.dx) else None
    else:
        of_x = dw_x.reshape(-1, len(spec.x_order), padded)[: width + 1, np.argsort(spec.x_order), :hidden]
        by_name["weight_ih"] = _tensor(of_x[:width].transpose(1, 2, 0).reshape(-1, width))
        db = of_x[width]
        by_name["bias_ih"] = _tensor(db.reshape(-1))
    if db is not None and (spec.h_first or not len(dgain)):
        alone = dbv.reshape(-1, padded)[:, :hidden]
        by_name["bias_hh"] = _tensor(np.concatenate([db[: len(spec.h_order) - len(alone)], alone]).reshape(-1))
    return by_name


def _by_reference(
    setting: _Setting, tensors: dict[str, Tensor | None], needed: dict[str, bool], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """The same derivatives with a graph of their own, through the reference kernel."""
    cell = setting.cell.over({name: tensors[name] for name in PARAMETERS})
    x, h0, c0 = tensors["x"], tensors["h0"], tensors["c0"]
    assert x is not None
    zero = cell.initial_state(x.shape[1])
    state = type(zero)(*(z if s is None else s for z, s in zip(zero, (h0, c0), strict=False)))
    call = replace(setting.call, state=state, dropout=tensors["dropout"])
    if call.valid is not None:
        x = torch.where(call.valid.unsqueeze(-1), x, 0.0)
    run = run_projected(cell, x if cell.layer_norm else cell.project(x), call, Request())
    pairs = [(o, g) for o, g in zip((run.output, *(run.state or ())), gradients, strict=True) if g is not None]
    asked = [t for name, t in tensors.items() if t is not None and needed[name]]
    found = iter(
        torch.autograd.grad([o for o, _ in pairs], asked, [g for _, g in pairs], create_graph=True, allow_unused=True)
    )
    return [next(found) if needed[name] else None for name in _NAMES]


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _flat(tensor: Tensor | None, dtype: Any = None) -> np.ndarray:
    """One dimension, contiguous (copied where it was not); empty for None."""
    if tensor is None:
        return np.empty(0, dtype)
    return tensor.detach().contiguous().numpy().reshape(-1)


def _rows(tensor: Tensor, hidden: int, padded: int, dtype: Any) -> np.ndarray:
    """[k * H] as [k * padded], zeros between, in one dimension."""
    rows = _flat(tensor).reshape(-1, hidden)
    found = np.zeros((len(rows), padded), dtype)
    found[:, :hidden] = rows
    return found.reshape(-1)
