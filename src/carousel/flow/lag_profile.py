"""The lag profile: how much of the gradient at the end of a sequence is left k steps before.

    G(k) = |dz_T / ds_{T-k}| / |dz_T / ds_T|,   z the logit of the target, s the whole state.

The adjoint is carried back step by step and renormalised at each, its length kept as a logarithm: over long lags the
plain gradient underflows (with torch's initialisation it is exactly 0 in float32 at T = 400), which would look like 0.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from carousel.flow.stepwise import Stepwise
from carousel.models.network import RecurrentNetwork
from carousel.shapes import at_last_step
from carousel.tasks.base import Batch, Task


class LagProfile(NamedTuple):
    """ln G(k) for k = 0..K-1, in nats, each [K] float64: mean over the batch, and its 10 % and 90 % quantiles.

    A gradient that is truly 0 (every unit of a ReLU network dead) is -inf. Lags that fewer than half of the sequences
    are long enough for are left out.
    """

    mean: Tensor
    q10: Tensor
    q90: Tensor


def lag_profile(network: RecurrentNetwork, task: Task, batch: Batch) -> LagProfile:
    """The lag profile of a network on the batch's sequences; for unequal lengths, each counted from its own end."""
    log_gain_TB = _log_gains(Stepwise(network), task, batch)
    lengths = _lengths(batch)
    by_lag = [_at_lag(log_gain_TB, lengths, lag) for lag in range(_longest_lag(lengths))]
    quantiles = [torch.quantile(values, torch.tensor([0.1, 0.9], dtype=values.dtype)) for values in by_lag]
    return LagProfile(
        torch.stack([values.mean() for values in by_lag]),
        torch.stack([q[0] for q in quantiles]),
        torch.stack([q[1] for q in quantiles]),
    )


def _log_gains(model: Stepwise, task: Task, batch: Batch) -> Tensor:
    """[T, B]: ln |dz / ds_t| relative to the last true step, NaN after it."""
    lengths = _lengths(batch)
    x = batch.x.double().nan_to_num()  # padded steps are never differentiated
    states = model.trajectory(x)
    start = _unit_adjoint(model, task, batch, at_last_step(torch.stack(states[1:]), lengths))
    adjoint, log = torch.zeros_like(start), torch.zeros(len(lengths), dtype=torch.float64)
    rows = []
    for t in range(len(x) - 1, -1, -1):
        begins = lengths - 1 == t
        adjoint = torch.where(begins.unsqueeze(1), start, adjoint)
        log = torch.where(begins, 0.0, log)
        rows.append(torch.where(t < lengths, log, torch.nan))
        adjoint, log = _one_back(model, x[t], states[t], adjoint, log)
    return torch.stack(rows[::-1])


def _one_back(model: Stepwise, x_BI: Tensor, s_BS: Tensor, adjoint: Tensor, log: Tensor) -> tuple[Tensor, Tensor]:
    """Apply the transposed Jacobian of one step and renormalise."""
    s_BS = s_BS.detach().requires_grad_()
    with torch.enable_grad():
        (adjoint,) = torch.autograd.grad(model.step(x_BI, s_BS), s_BS, adjoint)
    norm = adjoint.norm(dim=1)
    return torch.where(norm.unsqueeze(1) > 0, adjoint / norm.unsqueeze(1), 0.0), log + norm.log()


def _unit_adjoint(model: Stepwise, task: Task, batch: Batch, last_BS: Tensor) -> Tensor:
    """[B, S]: the direction of dz / ds at each sequence's last true step."""
    last_BS = last_BS.detach().requires_grad_()
    with torch.enable_grad():
        output = model.readout(last_BS)
        if model.network.readout == "every":  # only the last step's answer is asked for
            output = output.expand(len(batch.x), *output.shape)
        z = task.target_logit(output, batch)
        (adjoint,) = torch.autograd.grad(z.sum(), last_BS)
    return adjoint / adjoint.norm(dim=1, keepdim=True)


def _lengths(batch: Batch) -> Tensor:
    steps, count, _ = batch.x.shape
    return torch.full((count,), steps) if batch.lengths is None else batch.lengths


def _longest_lag(lengths: Tensor) -> int:
    return int(lengths.double().quantile(0.5, interpolation="lower").item())


def _at_lag(log_gain_TB: Tensor, lengths: Tensor, lag: int) -> Tensor:
    """The values of the sequences that are longer than the lag."""
    long_enough = lengths > lag
    columns = torch.arange(len(lengths))[long_enough]
    return log_gain_TB[lengths[long_enough] - 1 - lag, columns]
