"""What enters a recurrent layer, as rows of numbers, and the line that brings it to scale."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from carousel.common.shapes import valid_steps
from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lengths import lengths_of
from carousel.introspect.diagnosis.observe.passes import graph_nodes
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.nn.kernels import Tape

SHOWN = 4  # channels whose numbers are written out in a line
FLOOR = 1e-3  # of the smallest spread: what a constant channel is divided by


def lowest(context: Context) -> list[list[ModuleCall]]:
    """The calls of each recurrent module whose input does not come out of another one."""
    made = {node for call in context.trace.module_calls for t in call.returned if (node := t.grad_fn) is not None}
    return [
        calls
        for calls in context.trace.modules
        if not made & graph_nodes(*(_tensor(v.x) for v in (calls[0], calls[-1])))
    ]


def input_rows(context: Context, calls: list[ModuleCall]) -> Tensor:
    """[N, I]: what a module was given at all true steps of its calls; without a graph, as it came."""
    return torch.cat([_true_rows(context, calls, call) for call in calls])


def is_learned(calls: list[ModuleCall]) -> bool:
    """Whether trained parameters come before the module: an embedding, a convolution."""
    return _tensor(calls[0].x).requires_grad


def entering(context: Context, site: str, tape: Tape) -> Tensor:
    """[N, I]: what enters one layer in one direction: the module's input, or what the layers below it showed."""
    call = context.trace.call_at(site)
    prefix, _, last = site.rpartition(".")
    layer = 0 if call.is_cell else int(last.split("_")[0].removeprefix("l"))
    if layer == 0:
        calls = next(calls for calls in context.trace.modules if calls[0].module is call.module)
        return input_rows(context, calls).to(tape.cell.weight_ih.dtype)
    below = [f"{prefix}.l{layer - 1}{end}".removeprefix(".") for end in ("", "_reverse")]
    shown = torch.cat([context.trace.runs[name][0]["h"] for name in below if name in context.trace.runs], dim=-1)
    return shown[~shown.isnan().any(-1)]


def standardise(rows: Tensor, axes: str = "(0, 1)") -> str:
    """For x [..., I]: of few channels with the numbers measured, of many with those of x itself over its first axes."""
    mean, spread = rows.double().mean(0), rows.double().std(0, correction=0)
    if len(mean) <= SHOWN:
        spread = torch.where(spread > 0, spread, 1.0)
        return f"x = (x - torch.tensor({_listed(mean)})) / torch.tensor({_listed(spread)})"
    moving = spread[spread > 0]
    floor = number(FLOOR * float(moving.min()) if len(moving) else 1.0)
    return f"x = (x - x.mean({axes})) / x.std({axes}).clamp(min={floor})"


def _listed(values: Tensor) -> str:
    return f"[{', '.join(f'{value:.5g}' for value in values.tolist())}]"


def _true_rows(context: Context, calls: list[ModuleCall], call: ModuleCall) -> Tensor:
    if isinstance(call.x, PackedSequence):
        return call.x.data.detach()
    x = call.input_TBI
    known = lengths_of(context, calls)
    if call.is_cell or known is None or len(known.values) != x.shape[1]:
        return x.flatten(0, 1)
    return x[valid_steps(known.values.clamp(max=len(x)).to(x.device), len(x))]


def _tensor(given: Tensor | PackedSequence) -> Tensor:
    return given.data if isinstance(given, PackedSequence) else given
