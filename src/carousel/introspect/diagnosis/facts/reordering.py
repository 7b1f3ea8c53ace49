"""A batch, or what a model is called with, with its samples in another order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence
from torch.utils._pytree import tree_leaves

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.observe.perturbation import Refused


class Samples(NamedTuple):
    """Where samples are supposed to lie. number: how many. first: along axis 0 rather than 1, where a tensor has
    either. steps: also along rows that are samples and steps in one axis, of so many steps; None: there are none
    such."""

    number: int
    first: bool
    steps: int | None = None

    def axis(self, t: Tensor) -> int | None:
        """The axis of a tensor that counts the samples; None where none does."""
        if self.has_rows(t):
            return None  # an axis of equal size behind the rows counts something else
        axes = [a for a in ((0, 1) if self.first else (1, 0)) if a < t.dim() and t.shape[a] == self.number]
        return axes[0] if axes else None

    def has_rows(self, t: Tensor) -> bool:
        """Whether its rows are samples and steps in one axis."""
        return self.steps is not None and t.dim() > 0 and t.shape[0] == self.number * self.steps

    def fits(self, t: Tensor) -> bool:
        """Whether it has an axis for the samples."""
        return self.axis(t) is not None or self.has_rows(t)


def arrangements(context: Context, value: Any) -> list[Samples]:
    """Every way in which the samples of `value` may lie that all its tensors have."""
    tensors = [t for t in tree_leaves(value) if isinstance(t, Tensor) and t.dim()]
    largest = max((t for t in tensors if t.dim() >= 2), key=Tensor.numel, default=None)
    if largest is None:
        return []
    counts = dict.fromkeys([largest.shape[0], largest.shape[1]])
    found = [Samples(n, n == largest.shape[0]) for n in counts if n > 1 and all(n in t.shape[:2] for t in tensors)]
    if largest.shape[0] == largest.shape[1]:
        found += [Samples(each.number, False) for each in found]
    steps, count = context.trace.steps, context.trace.batch_size
    rows = [Samples(count, first, steps) for first in (True, False)] if min(steps, count) > 1 else []
    return found + [r for r in rows if r.has_rows(largest) and all(r.fits(t) for t in tensors)]


def reordered(value: Any, order: Tensor, samples: Samples) -> Any:
    """`value` with its samples in another order; lists of so many things too. Raises Refused for packed sequences."""
    if isinstance(value, Tensor):
        return _tensor(value, order, samples)
    if isinstance(value, PackedSequence):
        raise Refused("packed sequences are not put into another order")
    if isinstance(value, dict):
        return {name: reordered(part, order, samples) for name, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(reordered(part, order, samples) for part in value))
    if isinstance(value, list | tuple):
        ordered = [value[i] for i in order.tolist()] if _is_list_of_samples(value, samples) else value
        parts = ordered if ordered is not value else [reordered(part, order, samples) for part in value]
        return type(value)(parts)
    return value


def orders(count: int, generator: torch.Generator, tries: int) -> Iterator[Tensor]:
    """Some orders of so many samples, none of them the given one."""
    for _ in range(tries):
        order = torch.randperm(count, generator=generator)
        yield order if bool((order != torch.arange(count)).any()) else order.roll(1)


def _is_list_of_samples(value: Any, samples: Samples) -> bool:
    """Numbers, words, or sequences of unequal length: one for each sample."""
    if len(value) != samples.number:
        return False
    if all(isinstance(part, Tensor) for part in value):
        return isinstance(value, list) and not all(samples.fits(part) for part in value)
    return all(isinstance(part, int | float | str) for part in value)


def _tensor(t: Tensor, order: Tensor, samples: Samples) -> Tensor:
    axis, order = samples.axis(t), order.to(t.device)
    if axis is None and samples.has_rows(t):
        shape = (samples.number, samples.steps) if samples.first else (samples.steps, samples.number)
        unfolded = t.reshape(*shape, *t.shape[1:])
        return unfolded.index_select(0 if samples.first else 1, order).reshape(t.shape)
    return t if axis is None else t.index_select(axis, order)
