"""Whether samples are kept apart, by the loss alone: a mean over samples does not depend on their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.observe.perturbation import Refused, as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, snapshot

_ORDERS = 3
_ROUNDING = 1e-4  # relative: a sum in another order, in float32
_EQUAL = 1e-9  # relative: of two runs on the same batch


class BatchPermutation(NamedTuple):
    """The loss on the batch as given and on its samples in another order."""

    first: float
    second: float


def batch_permutation(context: Context) -> BatchPermutation | None:
    """How the loss moves, where no axis can be the samples': along each that all its tensors have, another order
    gives another loss. None where one gives the same. Raises Refused where there is no such axis, where the loss is not
    twice the same, or fails on another order."""
    tensors = [t for t in tree_leaves(context.batch) if isinstance(t, Tensor) and t.dim()]
    largest = max((t for t in tensors if t.dim() >= 2), key=Tensor.numel, default=None)
    axes = [a for a in (0, 1) if largest is not None and all(largest.shape[a] in t.shape[:2] for t in tensors)]
    if largest is None or not axes or any(len(tensors) > 1 for tensors in _lists(context.batch)):
        raise Refused("the tensors of the batch have no axis in common")
    first, again = _loss(context, context.batch), _loss(context, context.batch)
    if abs(first - again) > _EQUAL * abs(first):
        raise Refused("the loss is not twice the same in evaluation mode")
    moved = []
    for axis in axes:
        found = [_loss(context, batch) for batch in _orders(context, largest, axis)]
        if not found or max(abs(loss - first) for loss in found) <= _ROUNDING * max(abs(first), 1e-3):
            return None
        moved.append(max(found, key=lambda loss: abs(loss - first)))
    return BatchPermutation(first, moved[0])


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


def _orders(context: Context, largest: Tensor, axis: int) -> Iterator[object]:
    """The batch with its samples in other orders, taken to lie along an axis of its largest tensor: along the same axis
    of every other tensor if that fits, else along the first that does."""
    size = largest.shape[axis]

    def turned(value: object, order: Tensor) -> object:
        if not isinstance(value, Tensor):
            return value
        for a in (axis, 0, 1):
            if a < value.dim() and value.shape[a] == size:
                return value.index_select(a, order.to(value.device))
        return value

    for _ in range(_ORDERS if size > 1 else 0):
        order = torch.randperm(size, generator=context.generator)
        yield tree_map(lambda value, order=order: turned(value, order), context.batch)


def _loss(context: Context, batch: object) -> float:
    """In evaluation mode, from the same random numbers and states."""
    with snapshot(context.model, context.loss_fn), torch.no_grad():
        detach_states(context.model, context.loss_fn)
        context.model.eval()
        with as_refusal():
            return float(context.loss_fn(context.model, batch).double())
