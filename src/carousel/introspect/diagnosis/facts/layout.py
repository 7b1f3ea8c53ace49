"""Which axis of a model's input and output counts the samples, and which the steps: found by changing the input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.observe.perturbation import Probe


class Layout(NamedTuple):
    """shape: of the output, or as unfolded where samples and steps are one axis [B * T, ...]; x_shape: of the input,
    likewise. given, answered: the axes of the input and of the output that count the samples."""

    shape: tuple[int, ...]
    given: int
    answered: int
    x_shape: tuple[int, ...]

    def time_axes(self, steps: int) -> tuple[int, int] | None:
        """The axes of the input and of the output that count the steps; None where the output has no such axis."""
        axes = [axis for axis, size in enumerate(self.x_shape) if axis != self.given and size > 1]
        axes.sort(key=lambda axis: (self.x_shape[axis] != steps, axis))
        for axis in axes[:1]:
            for of_output, size in enumerate(self.shape):
                if of_output != self.answered and size == self.x_shape[axis]:
                    return axis, of_output
        return None


@fact
def layouts(context: Context) -> list[Layout]:
    """The axes of input and output that may count the samples; empty where the model cannot be asked. Raises
    Refused."""
    probe = model_probe(context)
    return [] if isinstance(probe, NoProbe) else layouts_of(probe, context)


def layouts_of(probe: Probe, context: Context) -> list[Layout]:
    """Every pair of axes such that a slice along the input's reaches its own slice along the output's, and no other.

    One at least in a sound model; two where steps do not reach each other either.
    """
    return [layout for layout in candidates(probe, context.trace.steps, context.trace.batch_size) if
            _alone(probe, layout)]  # fmt: skip


def candidates(probe: Probe, steps: int, count: int = 0) -> Iterator[Layout]:
    """Every pair of axes of equal size. steps, count: T and B as the recurrent module has them: rows of so many samples
    and steps in one axis are unfolded both ways."""
    assert probe.base is not None
    x_shape, own = tuple(probe.x.shape), tuple(probe.base.shape)
    pairs = [(x_shape, own)]
    if len(x_shape) >= 2 and own[0] == x_shape[0] * x_shape[1] and min(x_shape[:2]) > 1:
        pairs += [(x_shape, (*x_shape[:2], *own[1:])), (x_shape, (x_shape[1], x_shape[0], *own[1:]))]
    for rows in ((count, steps), (steps, count)) if x_shape[0] == steps * count and min(steps, count) > 1 else ():
        folded = (*rows, *x_shape[1:])
        pairs += [(folded, own), *([(folded, (*rows, *own[1:]))] if own[0] == x_shape[0] else [])]
    for of_x, shape in dict.fromkeys(pairs):
        for given in range(min(2, len(of_x))):
            for answered in range(min(3, len(shape))):
                if shape[answered] == of_x[given] > 1:
                    yield Layout(shape, given, answered, of_x)


def reach(probe: Probe, layout: Layout, index: int) -> Tensor:
    """[B]: how far each sample's output moves, at most, when sample `index` of the input is changed."""
    moved = probe.moved(layout.given, index, layout.x_shape).reshape(layout.shape)
    return moved.movedim(layout.answered, 0).reshape(layout.shape[layout.answered], -1).amax(1)


def _alone(probe: Probe, layout: Layout) -> bool:
    moved = False
    for index in probe.chosen(layout.x_shape[layout.given]):
        found = reach(probe, layout, index) > 0
        moved |= bool(found[index])
        if bool(torch.cat([found[:index], found[index + 1 :]]).any()):
            return False
    return moved
