"""Whether answers change when padding is added behind all sequences: in a sound model none does."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from carousel.common.shapes import valid_steps
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.feeding import fed_by
from carousel.introspect.diagnosis.facts.layout import layouts
from carousel.introspect.diagnosis.facts.lengths import Lengths
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall

ADDED = 3  # steps
_MOVED = 1e-4  # of the largest answer: less is rounding


class MovedByPadding(NamedTuple):
    """concerned: [B] bool, the samples whose answers moved. share: the largest move against the largest answer."""

    concerned: Tensor
    share: float


def moved_by_padding(context: Context, call: ModuleCall, lengths: Lengths) -> MovedByPadding | None:
    """For the inputs of one module; None where nothing moves, or where it cannot be said: the model is not called as a
    whole, takes no longer input, or its answers have no axis for the samples."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe) or probe.base is None or int(lengths.values.min()) < 1:
        return None
    whole = [context.trace.inputs, context.trace.keywords]
    fed = [t for t in fed_by(context, call, tensors_of(whole)) if t.dim() >= 2]
    axis = next((a for t in fed if (a := _time_axis(t, call, lengths.values)) is not None), None)
    if axis is None:
        return None
    shape = next(tuple(t.shape[:2]) for t in fed if _time_axis(t, call, lengths.values) is not None)
    masks = [t for t in tensors_of(whole) if t.dtype == torch.bool or bool(((t == 0) | (t == 1)).all())]
    longer = {
        id(t): _lengthened(t, axis, lengths.values)
        for t in (*fed, *masks) if t.dim() >= 2 and tuple(t.shape[:2]) == shape
    }  # fmt: skip
    inputs, keywords = tree_map(lambda v: longer.get(id(v), v), (context.trace.inputs, context.trace.keywords))
    try:
        with _UnpackedLonger():
            found = probe.answer_to(inputs, keywords)
        return None if found is None else _compared(context, probe, found, lengths.values)
    except Refused:
        return None


class _UnpackedLonger(TorchFunctionMode):
    """pad_packed_sequence pads to the longest sequence of the batch; in the block to some steps more."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """As torch asks for."""
        if getattr(func, "__name__", "") == "_pad_packed_sequence":
            args = (*args[:4], max(args[4], len(args[1]) + ADDED))
        return func(*args, **(kwargs or {}))


def _time_axis(t: Tensor, call: ModuleCall, lengths: Tensor) -> int | None:
    count, longest = len(lengths), int(lengths.max())
    for axis in (1, 0) if call.batch_first or call.is_cell else (0, 1):
        if t.dim() >= 2 and t.shape[1 - axis] == count and t.shape[axis] >= longest:
            return axis
    return None


def _lengthened(t: Tensor, axis: int, lengths: Tensor) -> Tensor:
    """With more of what the shortest sequence ends with."""
    rows = t.detach().transpose(0, 1) if axis == 0 else t.detach()
    end = rows[int(lengths.argmin()), -1:].unsqueeze(0).expand(len(rows), ADDED, *rows.shape[2:])
    longer = torch.cat([rows, end], 1)
    return longer.transpose(0, 1) if axis == 0 else longer


def _compared(context: Context, probe: Probe, found: Tensor, lengths: Tensor) -> MovedByPadding | None:
    base: Any = probe.base
    if found.dim() != base.dim() or any(a < b for a, b in zip(found.shape, base.shape, strict=True)):
        return None
    for axis, size in enumerate(base.shape):
        found = found.narrow(axis, 0, size)
    gap = (found - base).abs().nan_to_num()
    scale = float(base.abs().nan_to_num().max())
    layout = next(iter(layouts(context)), None)
    if layout is None or tuple(layout.shape) != tuple(base.shape) or base.shape[layout.answered] != len(lengths):
        return None
    axes = layout.time_axes(int(lengths.max()))
    if axes is not None and base.shape[axes[1]] >= int(lengths.max()):
        rows = gap.movedim((axes[1], layout.answered), (0, 1))
        valid = valid_steps(lengths, len(rows)).to(rows.device)
        gap = (rows.reshape(*rows.shape[:2], -1).amax(2) * valid).amax(0)
    else:
        gap = gap.movedim(layout.answered, 0).reshape(len(lengths), -1).amax(1)
    concerned = gap > _MOVED * max(scale, 1e-6)
    return MovedByPadding(concerned.cpu(), float(gap.max()) / max(scale, 1e-6)) if bool(concerned.any()) else None
