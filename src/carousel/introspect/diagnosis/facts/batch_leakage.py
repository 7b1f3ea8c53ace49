"""Where samples of a batch are mixed: before a recurrent module, along its axis of time, or behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.layout import Layout, candidates, layouts_of, reach
from carousel.introspect.diagnosis.facts.lengths import padded_steps
from carousel.introspect.diagnosis.facts.mixing_operation import VIEWS, mended, mixing_operation
from carousel.introspect.diagnosis.facts.own_lines import with_option
from carousel.introspect.diagnosis.observe.passes import wrapped
from carousel.introspect.diagnosis.observe.perturbation import Probe
from carousel.introspect.diagnosis.observe.snapshot import snapshot
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall, sizes

_SHUFFLED = 99
_SEQUENCES = 3  # axes at most of tokens [B, T] and of [B, T, I]
_FEWEST = 8  # rows, and columns: fewer cannot be told from chance
_LENGTHS = 3  # different ones at least
_SIMILAR = 0.5  # of the squared difference of independent samples: neighbours in time are nearer than this


class BatchLeakage(NamedTuple):
    """Sample `sample` was changed, and the answers of `changed` of the `others` other samples moved; strength: the
    largest such move against that of its own answer. form: "evidence" where the module at `site` runs along the
    samples, "before" where they come to it mixed, "behind" where they leave it unmixed."""

    sample: int
    changed: int
    others: int
    strength: float
    form: str
    site: str
    fix: str


def batch_leakage(context: Context, probe: Probe, axis: int | None = None) -> BatchLeakage | None:
    """How and where samples are mixed, given that no axes keep them apart; None where no output axis has their size.
    axis: of the input, along which the samples are known to lie."""
    layout = _most_likely(context, probe, axis)
    if layout is None or _is_one_of_many(context, probe.x):
        return None
    size = layout.x_shape[layout.given]
    moved = {index: reach(probe, layout, index) for index in probe.chosen(size)}
    index = max(moved, key=lambda k: _others(moved[k], k))
    changed, own = _others(moved[index], index), float(moved[index][index])
    if not changed:
        return None
    most = float(torch.cat([moved[index][:index], moved[index][index + 1 :]]).max())
    form, call, fix = _located(context, probe, layout, index)
    strength = min(most / own, 1.0) if own > 0 else 1.0
    return BatchLeakage(index, changed, size - 1, strength, form, call.name, fix)


def other_axis(context: Context, probe: Probe, sound: list[Layout]) -> tuple[ModuleCall, str] | None:
    """(module, form) where the batch tells that the samples lie along the axis that the first module takes for time:
    "along": all its tensors of one axis, lengths or labels, have that axis' size, and none the other's; "padding":
    padding ends the sequences along the other axis, and lies anywhere along that of the steps; "independent":
    neighbours along it are no more similar than any two, and along the other they are."""
    x, call = probe.x, context.trace.modules[0][0]
    if (
        x.dim() < 2
        or len({layout.given for layout in sound}) != 1
        or sound[0].x_shape != tuple(x.shape)
        or isinstance(call.x, PackedSequence)
    ):
        return None
    supposed = sound[0].given
    if sizes(context.trace.modules[0]) != (x.shape[1 - supposed], x.shape[supposed]) or call.is_cell:
        return None
    flat = {len(t) for t in tensors_of(context.batch) if t.dim() == 1 and not t.is_floating_point()}
    if flat == {x.shape[1 - supposed]} != {x.shape[supposed]}:
        return call, "along"
    if x.dim() <= _SEQUENCES and _padded_across(x.transpose(0, 1) if supposed == 0 else x):
        return call, "padding"
    if not flat and are_independent(x, 1 - supposed, context.generator) and are_similar(x, supposed, context.generator):
        return call, "independent"
    return None


def rows_of_windows(context: Context) -> ModuleCall | None:
    """The first module, where what it takes for the steps of one sequence are independent rows, and what it takes for
    channels runs smoothly: windows of a series, given as a sequence of such."""
    call = context.trace.modules[0][0]
    x, given = call.input_TBI, [t.shape for t in tensors_of([context.trace.inputs, context.trace.keywords])]
    if (x.shape[0], x.shape[2]) not in given:
        return None  # what came with an axis of one sample is one sequence, and meant so
    if call.is_cell or isinstance(call.x, PackedSequence) or x.shape[1] != 1 or min(x.shape[0], x.shape[2]) < _FEWEST:
        return None
    rows, generator = x.squeeze(1), context.generator
    alone = are_independent(rows, 0, generator) and are_similar(rows, 1, generator)
    return call if alone and not bool((rows == rows.round()).all()) else None


def _padded_across(x_TB: Tensor) -> bool:
    """Whether padding ends what is taken for the samples at each step, at several places, and is found before the end
    of what is taken for the sequences, so that it is no sorted batch padded at either end. x: time first."""
    own, other = padded_steps(x_TB), padded_steps(x_TB.transpose(0, 1)).transpose(0, 1)
    lengths = (~other).sum(1)
    if bool(own.any()) or len(set(lengths.tolist())) < _LENGTHS or int((x_TB.shape[1] - lengths).max()) < _LENGTHS:
        return False
    return not any(bool((end.long().cumprod(0).bool() == end).all()) for end in (other, other.flip(0)))


def are_similar(x: Tensor, axis: int, generator: torch.Generator) -> bool:
    """Whether neighbours along an axis are far more similar than any two: nearer than in each of 99 shufflings."""
    own, shuffled = _nearness(x, axis, generator)
    return own < min(shuffled) and own < _SIMILAR * sum(shuffled) / len(shuffled)


def are_independent(x: Tensor, axis: int, generator: torch.Generator) -> bool:
    """Whether neighbours along an axis are like any two: among the middle nine tenths of 99 shufflings."""
    own, shuffled = _nearness(x, axis, generator)
    return 0.05 <= sum(other < own for other in shuffled) / len(shuffled) <= 0.95


def _nearness(x: Tensor, axis: int, generator: torch.Generator) -> tuple[float, list[float]]:
    """Mean squared difference of neighbours, in their own order and shuffled."""
    rows = x.detach().cpu().double().nan_to_num().movedim(axis, 0).flatten(1)
    orders = [torch.randperm(len(rows), generator=generator) for _ in range(_SHUFFLED)]
    own, *shuffled = [
        float((rows[order][1:] - rows[order][:-1]).square().mean()) for order in (torch.arange(len(rows)), *orders)
    ]
    return own, shuffled


def _is_one_of_many(context: Context, x: Tensor) -> bool:
    """Whether an input [T, I] is a single sequence of a list of them."""
    calls = context.trace.modules[0]
    steps, count = sizes(calls)
    return x.dim() == 2 and count > 1 and tuple(x.shape) == (steps, calls[0].input_TBI.shape[2])


def _others(moved: Tensor, index: int) -> int:
    return int((moved > 0).sum()) - int(moved[index] > 0)


def _most_likely(context: Context, probe: Probe, axis: int | None) -> Layout | None:
    """The axes that the samples probably lie along: those of the size that tensors of one axis have; else the first."""
    flat = {len(t) for t in tensors_of(context.batch) if t.dim() == 1}
    found = [
        a for a in candidates(probe, context.trace.steps, context.trace.batch_size)
        if axis in (None, a.given) and (a.answered == 0 or (a.answered == 1 and a.shape[0] == a.x_shape[1 - a.given]))
    ]  # fmt: skip
    return min(found, key=lambda a: (a.shape[a.answered] not in flat, a.given, a.answered), default=None)


def _located(context: Context, probe: Probe, layout: Layout, index: int) -> tuple[str, ModuleCall, str]:
    """(form, the module, the fix)."""
    modules = context.trace.modules
    for calls in modules:
        call = calls[0]
        steps, samples = _touched(probe, layout, index, call)
        if samples < 2:
            continue
        along = steps == 1 and not call.is_cell
        plain = f"x = x.transpose(0, 1)  # of the input of {code_name(call.name)}, not a view"
        fix = _view_of_samples(context, probe, layout, index) or (_turned(context, probe, call) if along else plain)
        return "evidence" if along else "before", call, fix
    call = modules[-1][0]
    return "behind", call, _behind(context, probe, layout, index)


def _touched(probe: Probe, layout: Layout, index: int, call: ModuleCall) -> tuple[int, int]:
    """At how many steps, and of how many sequences, a module's own input moves when one sample is changed."""
    inputs: list[Tensor] = []

    def note(given: tuple[Any, ...], keywords: dict[str, Any], returned: Any) -> None:
        inputs.append(replace(call, x=given[0] if given else keywords["input"]).input_TBI)

    with wrapped(call.module, note):
        probe.output(probe.x)
        count = len(inputs)
        probe.output(probe.altered(layout.given, index, layout.x_shape))
    before, after = inputs[:count], inputs[count:]
    if [x.shape for x in before] != [x.shape for x in after]:
        return 0, 0
    moved = [(a != b).any(-1) for a, b in zip(before, after, strict=True)]
    return sum(int(m.any(1).sum()) for m in moved), max((int(m.any(0).sum()) for m in moved), default=0)


def _turned(context: Context, probe: Probe, call: ModuleCall) -> str:
    """The flag turned where that alone keeps the samples apart, else the input turned."""
    turned = [v[0] for v in context.trace.modules if not v[0].is_cell]
    first = not call.batch_first
    for chosen in ([call], turned):
        with snapshot(context.model):
            for each in chosen:
                each.module.batch_first = first  # type: ignore[assignment]
            if layouts_of(probe.of(), context):
                return _flags(context, chosen, first)
    return f"x = x.transpose(0, 1)  # of the input of {code_name(call.name)}; turn its output back"


def _flags(context: Context, chosen: list[ModuleCall], first: bool) -> str:
    plain = "; ".join(f"{code_name(each.name)}.batch_first = {first}" for each in chosen)
    lines = [with_option(context.model, each.name, "batch_first", first, "") for each in chosen]
    return "\n".join(lines) if all(lines) else plain


def _view_of_samples(context: Context, probe: Probe, layout: Layout, index: int) -> str:
    """The line of a view or reshape that mixes samples; "" where there is none."""
    altered, count = probe.altered(layout.given, index, layout.x_shape), layout.x_shape[layout.given]
    operation = mixing_operation(context, probe, altered, count)
    return mended(context, operation, count) if operation is not None and operation.name in VIEWS else ""


def _behind(context: Context, probe: Probe, layout: Layout, index: int) -> str:
    """The line that mixes them; what it most often is where that cannot be seen."""
    altered, count = probe.altered(layout.given, index, layout.x_shape), layout.x_shape[layout.given]
    operation = mixing_operation(context, probe, altered, count)
    if operation is not None:
        return mended(context, operation, count)
    return "scores = torch.softmax(scores, dim=1)  # over the steps [B, T]; check each axis behind the module"
