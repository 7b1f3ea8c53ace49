"""Which of a model's answers the loss asks for: one answer a step, each counted or left out."""

from __future__ import annotations

from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.layout import layouts


def loss_mask(context: Context, gradient: Tensor) -> Tensor | None:
    """[T, B] bool: where the derivative with respect to the model's output is not 0; None where it has no such axes."""
    wanted = (context.trace.steps, context.trace.batch_size)
    for layout in layouts(context):
        axes = layout.time_axes(context.trace.steps)
        if axes is not None and (layout.shape[axes[1]], layout.shape[layout.answered]) == wanted:
            rows = gradient.reshape(layout.shape).movedim((axes[1], layout.answered), (0, 1))
            return (rows != 0).reshape(*wanted, -1).any(-1).cpu()
    first = bool(getattr(context.trace.top[0].module, "batch_first", True))
    sizes = wanted[::-1] if first else wanted
    if gradient.shape[0] == wanted[0] * wanted[1] and 1 not in wanted:
        gradient = gradient.reshape(*sizes, *gradient.shape[1:])
    for shape, batch_first in ((sizes, first), (sizes[::-1], not first)):
        if tuple(gradient.shape[:2]) == shape:
            rows = gradient.transpose(0, 1) if batch_first else gradient
            return (rows != 0).reshape(*wanted, -1).any(-1).cpu()
    return None
