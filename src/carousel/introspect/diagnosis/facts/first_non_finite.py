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
    """From the loss back to an operation whose inputs are all finite, or infinite on purpose (a mask before softmax)."""
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
    """The last operation whose derivative by an input is none though that by its output is a number."""
    wanted = [t for o in log for t in (*o.inputs, *o.outputs) if t.requires_grad and t.is_floating_point()]
    unique = list({id(t): t for t in wanted}.values())
    with as_refusal():
        found = torch.autograd.grad(log.loss, unique, retain_graph=True, allow_unused=True)
    bad = {id(t): g is not None and not _is_finite(g) for t, g in zip(unique, found, strict=True)}
    for operation in reversed(log.operations):
        if any(bad.get(id(t)) for t in operation.inputs) and not any(bad.get(id(t)) for t in operation.outputs):
            return Culprit(operation, True)
    return None


def _is_finite(t: Tensor) -> bool:
    return not t.is_floating_point() or bool(t.detach().isfinite().all())
