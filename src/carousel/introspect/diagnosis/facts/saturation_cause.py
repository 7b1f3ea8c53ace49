"""What drives a gate to its ends: the input, the recurrent product or the bias, by the size of each."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import linear

from carousel.introspect.diagnosis.code_names import code_name, code_parameter, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.input_scale import entering, standardise
from carousel.introspect.diagnosis.facts.remedies import length_keeping, redrawn
from carousel.nn.kernels import Tape

LARGE_INPUT = 3.0  # root mean square over channels: standardised inputs have 1
CLEAR = 2.0  # times the next largest
ENOUGH = 2.0  # root mean square of a part that drives a gate to its ends by itself


class SaturationCause(NamedTuple):
    """largest: "by_input", "by_weights" (of the input), "by_recurrence", "by_bias", or "evidence". values: root mean
    squares. fix: a line against it. sure: whether it is clearly the largest."""

    largest: str
    values: dict[str, str]
    fix: str
    sure: bool


def saturation_cause(context: Context, site: str, tape: Tape, gate: str) -> SaturationCause:
    """Of one gate or candidate of one site (h of an Elman network), over its true steps."""
    cell = tape.cell
    rows = cell.rows(gate)
    x, h = entering(context, site, tape), tape["h"]
    h = h[~h.isnan().any(-1)]
    parts = {
        "input": _size(linear(x, cell.weight_ih[rows].to(x.dtype))),
        "recurrence": _size(linear(h, cell.weight_hh[rows])),
        "bias": 0.0 if cell.bias_ih is None or cell.bias_hh is None else _size(cell.bias_ih[rows] + cell.bias_hh[rows]),
    }
    first, second = sorted(parts, key=lambda part: parts[part], reverse=True)[:2]
    values = {part: number(size) for part, size in parts.items()} | {"x": number(_size(x))}
    sure = parts[first] > CLEAR * parts[second]
    call = context.trace.call_at(site)
    name = code_name(call.name)
    if parts[second] > ENOUGH:
        return SaturationCause("evidence", values, redrawn(name, call.module), sure=True)
    if first == "input":
        large = _size(x) > LARGE_INPUT
        smaller = f"torch.nn.init.xavier_uniform_({code_parameter(call, site, 'weight_ih')})"
        fix = standardise(x) if large else smaller
        return SaturationCause("by_input" if large else "by_weights", values, fix, sure)
    if first == "recurrence":
        return SaturationCause("by_recurrence", values, length_keeping(name, cell), sure)
    fix = f'for n, b in {name}.named_parameters(): "bias" in n and b.data.uniform_(-0.1, 0.1)'
    return SaturationCause("by_bias", values, fix, sure)


def _size(values: Tensor) -> float:
    return float(values.detach().double().square().mean().sqrt()) if values.numel() else 0.0
