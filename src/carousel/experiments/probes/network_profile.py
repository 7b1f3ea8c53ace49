"""The lag profile of a contender, before or after training: z is the logit of the target, s the state of all layers."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network
from carousel.experiments.probes.linearisation import Stepwise
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.flow.lags import LagProfile, averaged, log_gains


def network_lag_profile(network: Network, task: Task, batch: Batch) -> LagProfile:
    """The lag profile of a network on the batch's sequences; for unequal lengths, each counted from its own end.

    Raises BadCall for a network without recurrent state."""
    model, lengths = Stepwise(network), _lengths(batch)
    x = batch.x.double().nan_to_num()  # padded steps are never differentiated
    states = torch.stack(model.trajectory(x))
    sequences = torch.arange(len(lengths))

    def back(rows: Tensor, adjoint: Tensor) -> Tensor:
        return _one_back(model, x[rows, sequences], states[rows, sequences], adjoint)

    start = _last_adjoint(model, task, batch, at_last_step(states[1:], lengths))
    return averaged(log_gains(start, lengths, back), lengths)


def _one_back(model: Stepwise, x_BI: Tensor, s_BS: Tensor, adjoint: Tensor) -> Tensor:
    """The transposed Jacobian of one step times the adjoint."""
    s_BS = s_BS.detach().requires_grad_()
    with torch.enable_grad():
        (adjoint,) = torch.autograd.grad(model.step(x_BI, s_BS), s_BS, adjoint)
    return adjoint


def _last_adjoint(model: Stepwise, task: Task, batch: Batch, last_BS: Tensor) -> Tensor:
    """[B, S]: dz / ds at each sequence's last true step."""
    last_BS = last_BS.detach().requires_grad_()
    with torch.enable_grad():
        output = model.readout(last_BS)
        if model.network.readout == "every":  # only the last step's answer is asked for
            output = output.expand(len(batch.x), *output.shape)
        z = task.target_logit(output, batch)
        (adjoint,) = torch.autograd.grad(z.sum(), last_BS)
    return adjoint


def _lengths(batch: Batch) -> Tensor:
    steps, count, _ = batch.x.shape
    return torch.full((count,), steps) if batch.lengths is None else batch.lengths
