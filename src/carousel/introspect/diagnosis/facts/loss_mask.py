"""Which of a model's answers the loss asks for: one answer a step, each counted or left out."""

from __future__ import annotations

from torch import Tensor

from carousel.introspect.diagnosis.context import Patient


def by_step(patient: Patient, gradient: Tensor) -> Tensor | None:
    """[T, B] bool: where the derivative with respect to the model's output is not 0; None where it has no such axes."""
    wanted = (patient.steps, patient.batch_size)
    x = patient.probe.x if patient.probe is not None else None
    for layout in patient.layouts:
        axes = layout.time_axes(x, patient.steps) if x is not None else None
        if axes is not None and (layout.shape[axes[1]], layout.shape[layout.answered]) == wanted:
            rows = gradient.reshape(layout.shape).movedim((axes[1], layout.answered), (0, 1))
            return (rows != 0).reshape(*wanted, -1).any(-1).cpu()
    first = bool(getattr(patient.top[0].module, "batch_first", True))
    sizes = wanted[::-1] if first else wanted
    if gradient.shape[0] == wanted[0] * wanted[1] and 1 not in wanted:
        gradient = gradient.reshape(*sizes, *gradient.shape[1:])
    for shape in (sizes, sizes[::-1]):
        if tuple(gradient.shape[:2]) == shape:
            rows = gradient if shape == wanted else gradient.transpose(0, 1)
            return (rows != 0).reshape(*wanted, -1).any(-1).cpu()
    return None


__all__ = ["by_step"]
