"""The numba kernel as an operation of torch's dispatcher, `carousel::recurrence`: what traced code holds of it.

torch.compile and fake tensors see shapes alone. What the backward pass needs of the forward pass is one more output,
`saved`: the memory that it wrote, as large as if all lengths were T, since a size may not depend on numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import BadCall, KernelNotice
from carousel.nn.cells import CELLS, Cell, State
from carousel.nn.kernels.base import Call
from carousel.nn.kernels.numba.arrays import kept_counts, sizes_of, states_counts
from carousel.nn.kernels.numba.autograd import NAMES, Setting, by_reference, given_by, padded
from carousel.nn.kernels.numba.launch import DTYPES, Pass
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.numba.warmup import warm_up
from carousel.nn.kernels.numba.workspace import Arena, Plan
from carousel.nn.kernels.reference import notice_of_second

_ALWAYS = ("x", "weight_ih", "weight_hh")
_TENSORS = (*NAMES, "lengths", "resets")
_GIVEN = ", ".join(f"Tensor{'' if name in _ALWAYS else '?'} {name}" for name in _TENSORS)
_OPTIONS, _GRADIENTS = "str cell, bool reverse", "Tensor? g, Tensor? gh, Tensor? gc"


def recur_traced(cell: Cell, call: Call) -> tuple[Tensor, State]:
    """Output and final state of a call that is traced, or that has no sequence; nothing of the steps is kept."""
    x = cell.project(call.x) if cell.layer_norm else call.x.contiguous()
    state = call.state or (None,) * len(cell.state_names)
    given = (x, call.dropout, *padded(state), *cell.tensors.values(), call.lengths, call.resets)
    output, *final, _ = recurrence(*given, cell.name, call.reverse)
    return output, cell.state_type(*final[: len(cell.state_names)])


@torch.library.custom_op(
    "carousel::recurrence",
    mutates_args=(),
    schema=f"({_GIVEN}, {_OPTIONS}) -> (Tensor output, Tensor h, Tensor c, Tensor saved)",
)
def recurrence(*given: Any) -> tuple[Tensor, ...]:
    """Tensors of a call and of a cell, its name, the direction -> output [T, B, H]; final h and c [B, H], c [0] of a
    cell that has none; what the backward pass needs."""
    setting, tensors = _read(given)
    output, *final = _outputs(setting, tensors)
    memory = Arena(_plan(setting, tensors))
    if output.shape[1]:
        work = _pass(setting, tensors)
        work.use(memory.addresses | {"out": output.data_ptr()})
        final = [*work.run_forward(), *final[1:]][:2]
    return output, *final, torch.from_numpy(memory.whole())


@recurrence.register_fake
def _fake(*given: Any) -> tuple[Tensor, ...]:
    setting, tensors = _read(given)
    return *_outputs(setting, tensors), tensors["x"].new_empty(_plan(setting, tensors).elements)


@torch.library.custom_op(
    "carousel::recurrence_backward",
    mutates_args=(),
    schema=f"({_GRADIENTS}, {_GIVEN}, {_OPTIONS}, Tensor output, Tensor saved, str[] wanted) -> Tensor[]",
)
def recurrence_backward(*given: Any) -> list[Tensor]:
    """Derivatives of the output and the final states, then as above -> those of `wanted`, in its order."""
    gradients, (output, saved, wanted) = given[:3], given[-3:]
    setting, tensors = _read(given[3:-3])
    if not output.shape[1]:
        return [torch.zeros_like(tensors[name]) for name in wanted]
    work, first = _pass(setting, tensors), saved.data_ptr()
    work.use({name: first + at for name, (at, _) in _plan(setting, tensors).parts.items()} | {"out": output.data_ptr()})
    found, _ = work.backward(gradients, {name: name in wanted for name in NAMES}, keep=False)
    return [found[name] for name in wanted]


@recurrence_backward.register_fake
def _fake_backward(*given: Any) -> list[Tensor]:
    _, tensors = _read(given[3:-3])
    return [torch.empty_like(tensors[name], memory_format=torch.contiguous_format) for name in given[-1]]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.options = inputs[len(_TENSORS) :]
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(output[-1])
    ctx.save_for_backward(*inputs[: len(_TENSORS)], output[0], output[-1])


def _differentiate(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
    *given, output, saved = ctx.saved_tensors
    setting, tensors = _read((*given, *ctx.options))
    needed = dict(zip(NAMES, ctx.needs_input_grad, strict=False))
    if torch.is_grad_enabled():
        warnings.warn(notice_of_second("numba"), KernelNotice, stacklevel=2)
        given_back = gradients[: 1 + len(setting.cell.state_names)]
        found = dict(zip(NAMES, by_reference(setting, _named(tensors), needed, given_back), strict=True))
    else:
        wanted = [name for name in given_by(setting, needed) if tensors[name] is not None]
        options = (*ctx.options, output, saved, wanted)
        found = dict(zip(wanted, recurrence_backward(*gradients[:-1], *given, *options), strict=True))
    return *(found.get(name) if needed.get(name) else None for name in _TENSORS), None, None


recurrence.register_autograd(_differentiate, setup_context=_keep)


def _read(given: Sequence[Any]) -> tuple[Setting, dict[str, Any]]:
    """The setting of a pass and its tensors by name, from the operation's arguments."""
    tensors = dict(zip(_TENSORS, given, strict=False))
    name, reverse = given[len(_TENSORS) :]
    call = Call(tensors["x"], None, tensors["lengths"], tensors["resets"], tensors["dropout"], reverse)
    return Setting(CELLS[name], call, False, tensors["norm_hh"] is not None, 1), tensors


def _outputs(setting: Setting, tensors: dict[str, Any]) -> list[Tensor]:
    """Memory of output, final h and final c."""
    (steps, batch, _), hidden, x = tensors["x"].shape, tensors["weight_hh"].shape[1], tensors["x"]
    c = (batch, hidden) if SPECIFICATIONS[setting.cell].has_c else (0,)
    return [x.new_empty(shape) for shape in ((steps, batch, hidden), (batch, hidden), c)]


def _plan(setting: Setting, tensors: dict[str, Any]) -> Plan:
    """What is saved, and where: for T steps of every sequence, whatever its length. Of x's width nothing depends."""
    spec, x, normed = SPECIFICATIONS[setting.cell], tensors["x"], setting.layer_norm
    (steps, batch, _), dtype = x.shape, DTYPES[x.dtype]
    sizes = sizes_of(int(tensors["weight_hh"].shape[1]), 1, normed, dtype)
    kept = kept_counts(spec, steps * batch, batch, sizes, tensors["norm_c"] is not None)
    return Plan(dtype, **states_counts(steps * batch, batch, sizes), **kept)


def _pass(setting: Setting, tensors: dict[str, Any]) -> Pass:
    call = setting.call
    warm_up(call.x.dtype)
    if call.lengths is not None and not 1 <= int(call.lengths.min()) <= int(call.lengths.max()) <= len(call.x):
        raise BadCall("lengths out of range", allowed=f"1 .. {len(call.x)} (T)", got=call.lengths.tolist(),
                      fix="leave empty sequences out")  # fmt: skip
    given = _named(tensors) | {"fresh": call.reset_mask}
    return Pass(SPECIFICATIONS[setting.cell], setting.layouts(), -1 if call.reverse else 1, given, apart=True)


def _named(tensors: dict[str, Any]) -> dict[str, Any]:
    """Those that a pass differentiates by."""
    return {name: tensors[name] for name in NAMES}
