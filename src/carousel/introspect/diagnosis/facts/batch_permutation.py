"""Whether samples are kept apart, by the loss alone: a mean over samples does not depend on their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.reordering import arrangements, orders, reordered
from carousel.introspect.diagnosis.observe.perturbation import Refused, as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, draw_anew, snapshot
from carousel.introspect.diagnosis.observe.state_walk import state_slots, tensors_of

_ORDERS = 3
_ROUNDING = 1e-4  # relative: a sum in another order, in float32
_EQUAL = 1e-9  # relative: of two runs on the same batch
_SEED = 4711  # of a second draw of random numbers


class BatchPermutation(NamedTuple):
    """The loss on the batch as given and on its samples in another order."""

    first: float
    second: float


@fact
def batch_permutation(context: Context) -> BatchPermutation | None:
    """How the loss moves, where nothing can be the samples' axis: along each that all tensors have, another order
    gives another loss. None where one gives the same. Raises Refused where there is no such axis, where the loss is not
    twice the same, or fails on another order."""
    found = arrangements(context, context.batch)
    if not found or any(len(tensors) > 1 for tensors in _lists(context.batch)):
        raise Refused("the tensors of the batch have no axis in common")
    if _has_own_data(context):
        raise Refused("loss_fn holds data of its own, which would keep its order")
    first, again = _loss(context, context.batch), _loss(context, context.batch, _SEED)
    if not abs(first - again) <= _EQUAL * abs(first):
        raise Refused("the loss is not twice the same in evaluation mode")
    moved = []
    for samples in found:
        turned = [
            _loss(context, reordered(context.batch, order, samples))
            for order in orders(samples.number, context.generator, _ORDERS)
        ]
        if max(abs(loss - first) for loss in turned) <= _ROUNDING * max(abs(first), 1e-3):
            return None
        moved.append(max(turned, key=lambda loss: abs(loss - first)))
    return BatchPermutation(first, moved[0])


def _has_own_data(context: Context) -> bool:
    """Whether the loss function has a tensor of more than one number that is not the batch's: targets, perhaps."""
    given = {id(t) for t in tensors_of(context.batch)}
    own = [slot.value for slot in state_slots(context.loss_fn) if isinstance(slot.value, Tensor)]
    return any(t.numel() > 1 and t.dim() and not t.requires_grad and id(t) not in given for t in own)


def _lists(batch: object) -> Iterator[list[Tensor]]:
    """The lists of sequences [T_i, I] or [T_i] in a batch: their samples lie along no axis of any tensor."""
    parts = list(batch.values()) if isinstance(batch, Mapping) else batch
    if not isinstance(parts, list | tuple):
        return
    shapes = {part.shape[1:] if isinstance(part, Tensor) and part.dim() else None for part in parts}
    if isinstance(batch, list) and len(shapes) == 1 and None not in shapes:
        yield [part for part in batch if isinstance(part, Tensor)]
    for part in parts:
        yield from _lists(part)


def _loss(context: Context, batch: object, seed: int | None = None) -> float:
    """In evaluation mode, from the same random numbers and states, or from other random numbers."""
    with snapshot(context.model, context.loss_fn), torch.no_grad():
        detach_states(context.model, context.loss_fn)
        context.model.eval()
        if seed is not None:
            draw_anew(seed)
        with as_refusal():
            return float(context.loss_fn(context.model, batch).double())
