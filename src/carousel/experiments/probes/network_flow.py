"""Gradient flow through the whole state of a contender: its lag profile and its largest Lyapunov exponent.

s is the state of all layers, z the logit of the target. The algorithms are those of `carousel.flow`. One layer's
Jacobians are in closed form, from what a run of it keeps; those of several layers come by autograd.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.lags import LagProfile, profile_from
from carousel.introspect.flow.linearisation import Linearisation
from carousel.introspect.flow.spectrum import log_growth
from carousel.introspect.flow.trajectory import trajectory
from carousel.introspect.flow.whole_stack import WholeStack
from carousel.nn.cells import State
from carousel.nn.kernels import Request, Tape
from carousel.nn.layers.stack import run_stack

_ALL = Request(states=True, gates=True)
_PART = 256  # steps


def network_lag_profile(network: Network, task: Task, batch: Batch) -> LagProfile:
    """The lag profile of a network on the batch's sequences; for unequal lengths, each counted from its own end.

    Raises BadCall for a network without recurrent state."""
    recurrent = _recurrent(network)
    run, last_BS = _linearised(recurrent, batch.x.nan_to_num(), batch.lengths)  # padding is never differentiated
    return profile_from(run, _last_adjoint(recurrent, last_BS, task, batch))


def stream_exponents(network: Network, x: Tensor, warmup: int, generator: torch.Generator) -> Tensor:
    """[B] float64: the largest Lyapunov exponent along each of the driving sequences x [T, B, I], nats per step; the
    first `warmup` steps do not count. Above 0: chaos.

    -inf where every direction dies (a ReLU network that is silent); NaN where a state outgrows float32 (a ReLU
    network). Raises BadCall for a network without recurrent state.
    """
    recurrent = _recurrent(network)
    growth = _growth_in_parts if len(recurrent.stack) == 1 else _growth_of_stack
    return growth(recurrent, x, generator)[warmup:].mean(dim=0)


def _growth_in_parts(network: RecurrentNetwork, x: Tensor, generator: torch.Generator) -> Tensor:
    """[T, B]. A few hundred steps at a time: the factors of thousands would leave the processor's cache."""
    (cell,), grown = network.stack, list[Tensor]()
    states: list[State] | None = None
    with torch.no_grad():
        for part in x.to(cell.weight_ih).split(_PART):
            run = run_stack([(cell,)], part, states, None, None, _ALL)
            if not all(math.isfinite(run.tapes["l0"][name].sum()) for name in run.tapes["l0"].names):
                return torch.full(x.shape[:2], torch.nan, dtype=torch.float64)
            jacobians = Recurrence(trajectory(run.tapes["l0"]))
            if states is None:
                v = torch.randn((x.shape[1], jacobians.size), generator=generator, dtype=torch.float64)
                v /= v.norm(dim=1, keepdim=True)
            grown.append(jacobians.carry(v))
            states = [final for final in run.finals if final is not None]
    return torch.cat(grown)


def _growth_of_stack(network: RecurrentNetwork, x: Tensor, generator: torch.Generator) -> Tensor:
    """[T, B]."""
    return log_growth(WholeStack(network.stack, x), 1, generator).squeeze(-1)


def _recurrent(network: Network) -> RecurrentNetwork:
    if not isinstance(network, RecurrentNetwork):
        raise BadCall("gradient flow is followed through a recurrent state", got=network.flow_refused)
    return network


def _linearised(network: RecurrentNetwork, x: Tensor, lengths: Tensor | None) -> tuple[Linearisation, Tensor]:
    """The steps of a run, and the whole state [B, S] after each sequence's last true one."""
    if len(network.stack) == 1:
        with torch.no_grad():
            x = x.to(network.stack[0].weight_ih)
            tape = run_stack([network.stack], x, None, lengths, None, _ALL).tapes["l0"]
        if _finite(tape):
            last = [at_last_step(tape[name], lengths) for name in network.stack[0].state_names]
            return Recurrence(trajectory(tape)), torch.cat(last, dim=1).double()
    stack = WholeStack(network.stack, x, lengths)
    return stack, at_last_step(stack.states[1:], stack.lengths)


def _finite(tape: Tape) -> bool:
    """Whether all true steps are: a network of ReLUs may grow past all numbers, which no closed form follows."""
    valid = tape.run.valid
    kept = (tape[name] if valid is None else tape[name][valid] for name in tape.names)
    return all(bool(values.isfinite().all()) for values in kept)


def _last_adjoint(network: RecurrentNetwork, last_BS: Tensor, task: Task, batch: Batch) -> Tensor:
    """[B, S]: dz / ds at each sequence's last true step."""
    leaf = last_BS.detach().requires_grad_()
    linear = copy.deepcopy(network.linear).double().requires_grad_(False)
    shown = sum(len(cell.state_names) * cell.hidden_size for cell in network.stack[:-1])  # where the last layer begins
    with torch.enable_grad():
        output = linear(leaf[:, shown : shown + network.stack[-1].hidden_size])
        if network.readout == "every":  # only the last step's answer is asked for
            output = output.expand(len(batch.x), *output.shape)
        z = task.target_logit(output, batch)
        (adjoint,) = torch.autograd.grad(z.sum(), leaf)
    return adjoint
