"""Gradient flow through the whole state of a contender: its lag profile and its largest Lyapunov exponent.

s is the state of all layers, z the logit of the target. The algorithms are those of `carousel.flow`.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.flow.lags import LagProfile, profile_from
from carousel.introspect.flow.spectrum import log_growth
from carousel.introspect.flow.whole_stack import WholeStack


def network_lag_profile(network: Network, task: Task, batch: Batch) -> LagProfile:
    """The lag profile of a network on the batch's sequences; for unequal lengths, each counted from its own end.

    Raises BadCall for a network without recurrent state."""
    recurrent = _recurrent(network)
    stack = WholeStack(recurrent.stack, batch.x.nan_to_num(), batch.lengths)  # padded steps are never differentiated
    return profile_from(stack, _last_adjoint(recurrent, stack, task, batch))


def largest_exponent(network: Network, x: Tensor, warmup: int, generator: torch.Generator) -> float:
    """Nats per step, mean over the batch of driving sequences x [T, B, I]; the first `warmup` steps do not count.
    Above 0: chaos.

    -inf where every direction dies (a ReLU network that is silent). Raises BadCall for one without recurrent state.
    """
    growth = log_growth(WholeStack(_recurrent(network).stack, x), 1, generator)
    return growth[warmup:].mean().item()


def _recurrent(network: Network) -> RecurrentNetwork:
    if not isinstance(network, RecurrentNetwork):
        raise BadCall("gradient flow is followed through a recurrent state", got=network.flow_refused)
    return network


def _last_adjoint(network: RecurrentNetwork, stack: WholeStack, task: Task, batch: Batch) -> Tensor:
    """[B, S]: dz / ds at each sequence's last true step."""
    last_BS = at_last_step(stack.states[1:], stack.lengths).detach().requires_grad_()
    linear = copy.deepcopy(network.linear).double().requires_grad_(False)
    with torch.enable_grad():
        output = linear(stack.hidden(last_BS))
        if network.readout == "every":  # only the last step's answer is asked for
            output = output.expand(len(batch.x), *output.shape)
        z = task.target_logit(output, batch)
        (adjoint,) = torch.autograd.grad(z.sum(), last_BS)
    return adjoint
