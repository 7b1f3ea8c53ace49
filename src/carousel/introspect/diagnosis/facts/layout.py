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
    """shape: of the output, or as unfolded where samples and steps are one axis [B * T, ...]. given, answered: the
    axes of the input and of the output that count the samples."""

    shape: tuple[int, ...]
    given: int
    answered: int

    def time_axes(self, x: Tensor, steps: int) -> tuple[int, int] | None:
        """The axes of the input and of the output that count the steps; None where the output has no such axis."""
        axes = [axis for axis in range(x.dim()) if axis != self.given and x.shape[axis] > 1]
        axes.sort(key=lambda axis: (x.shape[axis] != steps, axis))
        for axis in axes[:1]:
            for of_output, size in enumerate(self.shape):
                if of_output != self.answered and size == x.shape[axis]:
                    return axis, of_output
        return None


@fact
def layouts(context: Context) -> list[Layout]:
    """The axes of input and output that may count the samples; empty where the model cannot be asked. Raises
    Refused."""
    probe = model_probe(context)
    return [] if isinstance(probe, NoProbe) else layouts_of(probe)


def layouts_of(probe: Probe) -> list[Layout]:
    """Every pair of axes such that a slice along the input's reaches its own slice along the output's, and no other.

    One at least in a sound model; two where steps do not reach each other either.
    """
    return [layout for layout in candidates(probe) if _alone(probe, layout)]


def candidates(probe: Probe) -> Iterator[Layout]:
    """Every pair of axes of equal size."""
    assert probe.base is not None
    x, shapes = probe.x, [tuple(probe.base.shape)]
    if x.dim() >= 2 and probe.base.shape[0] == x.shape[0] * x.shape[1] and min(x.shape[:2]) > 1:
        shapes.append((*x.shape[:2], *probe.base.shape[1:]))
        shapes.append((x.shape[1], x.shape[0], *probe.base.shape[1:]))
    for shape in dict.fromkeys(shapes):
        for given in range(min(2, x.dim())):
            for answered in range(min(3, len(shape))):
                if shape[answered] == x.shape[given] > 1:
                    yield Layout(shape, given, answered)


def reach(probe: Probe, layout: Layout, index: int) -> Tensor:
    """[B]: how far each sample's output moves, at most, when sample `index` of the input is changed."""
    moved = probe.moved(layout.given, index).reshape(layout.shape)
    return moved.movedim(layout.answered, 0).reshape(layout.shape[layout.answered], -1).amax(1)


def _alone(probe: Probe, layout: Layout) -> bool:
    moved = False
    for index in probe.chosen(probe.x.shape[layout.given]):
        found = reach(probe, layout, index) > 0
        moved |= bool(found[index])
        if bool(torch.cat([found[:index], found[index + 1 :]]).any()):
            return False
    return moved
