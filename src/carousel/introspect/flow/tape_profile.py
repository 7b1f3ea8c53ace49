"""The lag profile of a recorded layer, along its own recurrence."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from carousel.common.errors import BadCall, NotRecorded
from carousel.common.shapes import at_last_step
from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.lags import LagProfile, profile_from
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.trajectory import Trajectory, trajectory
from carousel.nn.kernels import Tape

Direction = str | Tensor


def lag_profile(
    tape: Recorded,
    name: str | None = None,
    *,
    call: int | None = None,
    direction: Direction = "loss",
    generator: Generator | None = None,
) -> LagProfile:
    """G(k) = |dz / ds_{T-k}| / |dz / ds_T| for k = 0..K-1 as logarithms, in nats, float64.

    s is the layer's whole state (h; for an LSTM h and c), T each sequence's own last step in the run's direction. The
    adjoint goes back through the layer's recurrence alone: neither through other layers nor from losses at earlier
    steps. It is renormalised at every step, so it never underflows. A run with interventions is refused.

    direction: where the adjoint starts. "loss": the recorded total derivative of the loss at the last step; "random":
    N(0, 1), from `generator`; or a tensor [B, S]. Definition: CLAIMS 1; the norm of the adjoint by lag goes back to
    Hochreiter 1991 and Bengio et al. 1994.
    Raises NotRecorded where states, gates, steps or (for "loss") derivatives are missing; BadCall where the loss does
    not reach the last step, and for a direction that does not fit.
    """
    found = one_tape(tape, name, call)
    steps = trajectory(found)
    return profile_of(found, steps, direction, generator)


def profile_of(tape: Tape, steps: Trajectory, direction: Direction, generator: Generator | None) -> LagProfile:
    """The profile where the trajectory is at hand."""
    recurrence = Recurrence(steps)
    return profile_from(recurrence, _start(tape, steps, recurrence, direction, generator))


def _start(
    tape: Tape, steps: Trajectory, recurrence: Recurrence, direction: Direction, generator: Generator | None
) -> Tensor:
    shape = (len(steps.lengths), recurrence.size)
    if isinstance(direction, Tensor):
        return _given(direction, shape)
    if direction == "random":
        if generator is None:
            raise BadCall("a random direction needs a generator", fix="generator=torch.Generator().manual_seed(0)")
        return torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device).cpu()
    if direction == "loss":
        return _of_loss(tape, steps, recurrence)
    raise BadCall("no such direction", allowed='"loss", "random" or a tensor [B, S]', got=repr(direction))


def _given(direction: Tensor, shape: tuple[int, int]) -> Tensor:
    if direction.shape != shape:
        raise BadCall("the direction does not fit the states", allowed=shape, got=tuple(direction.shape))
    given = direction.detach().to("cpu", torch.float64)
    if not given.isfinite().all() or not given.any(dim=1).all():
        raise BadCall("a direction must be finite and not 0 for any sequence")
    return given


def _of_loss(tape: Tape, steps: Trajectory, recurrence: Recurrence) -> Tensor:
    """[B, S]: the recorded derivative at the last step, h and c moved apart."""
    try:
        total = [steps.aligned(tape.gradient(name)) for name in steps.cell.state_names]
    except NotRecorded as error:
        raise NotRecorded(f"{error}; or pass direction='random' and a generator") from error
    last = torch.cat([at_last_step(values, steps.lengths) for values in total], dim=-1)
    if not last.isfinite().all():
        raise BadCall("the derivative of the loss is no finite number at the last step",
                      fix="direction='random' and a generator, or a tensor [B, S]")  # fmt: skip
    silent = ~last.any(dim=1)
    if silent.any():
        raise BadCall(
            f"the derivative of the loss is 0 at the last step of {int(silent.sum())} of {len(last)} sequences "
            "(in the run's own direction)", fix="direction='random' and a generator, or a tensor [B, S]",
        )  # fmt: skip
    return recurrence.adjoint_of(steps.lengths - 1, last)
