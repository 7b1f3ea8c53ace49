"""The first operation that makes an infinity or NaN out of numbers, on the way of the loss or of its gradient."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.operations import noted
from carousel.introspect.diagnosis.observe.operations import Operation, OperationLog
from carousel.introspect.diagnosis.observe.perturbation import as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, snapshot

SOFTMAX = ("softmax", "log_softmax", "logsumexp", "logcumsumexp")


class Culprit(NamedTuple):
    """operation: where it begins. backward: whether its derivative does, its value being finite."""

    operation: Operation
    backward: bool


@fact
def first_non_finite(context: Context) -> Culprit | None:
    """None where loss and gradients are finite, or where it begins in no operation: in a weight. Raises Refused."""
    gradients = [g for g in context.trace.gradients.values() if g is not None]
    if math.isfinite(context.trace.loss) and all(bool(g.isfinite().all()) for g in gradients):
        return None
    log = OperationLog()
    with snapshot(context.model, context.loss_fn), noted(context.model, log) as watching:
        detach_states(context.model, context.loss_fn)
        with watching, as_refusal():
            log.loss = context.loss_fn(context.model, context.batch)
        if not math.isfinite(float(log.loss.detach())):
            return _forward(log)
        return _backward(log)


def _forward(log: OperationLog) -> Culprit | None:
    """From the loss back to an operation whose inputs are all finite, or infinite on purpose (a mask before
    softmax)."""
    operation = log.maker(log.loss)
    while operation is not None:
        bad = [t for t in operation.inputs if not _is_finite(t)]
        if not bad or (operation.name in SOFTMAX and not any(bool(t.isnan().any()) for t in bad)):
            return Culprit(operation, False)
        made = [operation.made_by[id(t)] for t in bad if id(t) in operation.made_by]
        if not made:
            return None
        operation = made[0]
    return None


def _backward(log: OperationLog) -> Culprit | None:
    """The last operation whose own derivative makes no number of a number."""
    wanted = [t for o in log for t in o.outputs if t.requires_grad and t.is_floating_point()]
    unique = list({id(t): t for t in wanted}.values())
    with as_refusal():
        found = torch.autograd.grad(log.loss, unique, retain_graph=True, allow_unused=True)
    arrived = {id(t): g for t, g in zip(unique, found, strict=True) if g is not None}
    for operation in reversed(log.operations):
        given = {t: arrived[id(t)] for t in operation.outputs if id(t) in arrived}
        if given and all(_is_finite(g) for g in given.values()) and not _is_finite_behind(operation, given):
            return Culprit(operation, True)
    return None


def _is_finite_behind(operation: Operation, given: dict[Tensor, Tensor]) -> bool:
    """Whether the derivative by its inputs is finite, given that by its outputs."""
    inputs = [t for t in operation.inputs if t.requires_grad and not any(t is output for output in given)]
    if not inputs:
        return True
    with as_refusal():
        found = torch.autograd.grad(list(given), inputs, list(given.values()), retain_graph=True, allow_unused=True)
    return all(g is None or _is_finite(g) for g in found)


def _is_finite(t: Tensor) -> bool:
    return not t.is_floating_point() or bool(t.detach().isfinite().all())
