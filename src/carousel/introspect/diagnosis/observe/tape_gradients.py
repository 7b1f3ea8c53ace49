"""Whether, and where, a derivative of the loss came back to a recorded run."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.errors import NotRecorded
from carousel.common.shapes import at_last_step
from carousel.nn.kernels import Tape
from carousel.nn.kernels.tape import Values


def tape_gradient(values: Values, name: str) -> Tensor | None:
    """[T, B, H]: the total derivative with respect to a state or gate; None where none has reached the tape.

    A tape says so by an exception alone."""
    try:
        return values.gradient(name)
    except NotRecorded:
        return None


def has_gradient_at_end(tape: Tape) -> bool:
    """Whether the loss depends on the last step of every sequence, in the run's own direction."""
    if tape_gradient(tape, "h") is None:
        return False
    total = torch.cat([tape.gradient(name).cpu() for name in tape.cell.state_names], dim=-1)
    lengths = None if tape.run.lengths is None else tape.run.lengths.cpu()
    last = total[0] if tape.run.reverse else at_last_step(total, lengths)
    return bool(last.isfinite().all() and last.any(dim=1).all())
