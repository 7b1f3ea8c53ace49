"""Whether a model is given the very number that it has to forecast."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.operations import DISTANCES, loss_calls, operations
from carousel.introspect.diagnosis.facts.randomness import DRAWS
from carousel.introspect.diagnosis.observe.perturbation import Probe

_LEAST = 8  # numbers compared: fewer may agree by chance


class OwnValue(NamedTuple):
    """The targets are channel `channel` of the input: at its last step ("last"), or at each ("each")."""

    channel: int
    form: str


def own_value(context: Context) -> OwnValue | None:
    """Found where the targets of a distance are, number for number, one channel of an input of several steps that moves
    the answer: at the last step of each window, or at every step beside other channels, or beside another input
    (a decoder's). A lone input that is given back whole is none, nor is one that a code is sampled for. Raises
    Refused."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe) or probe.base is None:
        return None
    first = context.trace.modules[0][0].batch_first
    series = [x for x in probe.given if isinstance(x, Tensor) and x.dim() == 3 and x.is_floating_point()]
    drawn = any(operation.name in DRAWS for operation in operations(context))
    for call in loss_calls(context):
        for x in series if call.kind in DISTANCES else ():
            found = _copied(x if first else x.transpose(0, 1), call.target.detach(), len(series) > 1 and not drawn)
            if found is not None and _moves(probe.of(x), 1 if first else 0):
                return found
    return None


def _copied(x_BTI: Tensor, target: Tensor, whole: bool) -> OwnValue | None:
    count, steps, channels = x_BTI.shape
    if target.dtype != x_BTI.dtype or steps < 2 or target.numel() < _LEAST or not bool((target != target.max()).any()):
        return None
    for channel in range(channels):
        if target.numel() == count and torch.equal(x_BTI[:, -1, channel], target.reshape(count)):
            return OwnValue(channel, "last")
        beside = (channels > 1 or whole) and target.numel() == count * steps and target.shape[:2] == (count, steps)
        if beside and torch.equal(x_BTI[..., channel], target.reshape(count, steps)):
            return OwnValue(channel, "each")
    return None


def _moves(probe: Probe, axis: int) -> bool:
    """Whether the answer changes with the last step."""
    return probe.base is not None and bool(probe.depends(axis, probe.x.shape[axis] - 1).any())
