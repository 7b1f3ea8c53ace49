"""How well what goes on inside a trained network tells the step of a key from the others: observed, nothing is changed.

Gates are those of the lowest layer, which sees the input.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.interventions import Intervention
from carousel.introspect.record import ModelTape, record

MARKS = {"i": 1.0, "f": -1.0, "o": 1.0}  # a key is expected to open the input gate and to shut the forget gate


def recorded(network: RecurrentNetwork, x: Tensor, interventions: Sequence[Intervention] = ()) -> ModelTape:
    """Every state and gate of every layer, [T, B, H]."""
    with record(network, gradients=False, interventions=interventions) as tape:
        network(x)
    return tape


def marks(network: RecurrentNetwork, batch: Batch) -> dict[str, float]:
    """How well the mean of a gate over its units tells the key's step from the others of its sequence: AUROC."""
    assert batch.key_positions is not None
    lowest, keys = recorded(network, batch.x)["l0"], batch.key_positions[:, 0]
    found = {
        f"auroc_{gate}": auroc(sign * lowest[gate].mean(-1), keys) for gate, sign in MARKS.items() if gate in lowest
    }
    if {"i", "g"} <= lowest.keys():
        found["auroc_ig"] = auroc((lowest["i"] * lowest["g"]).norm(dim=-1), keys)
    if {"i", "f"} <= lowest.keys():
        found["weight_mass"] = weight_mass(lowest["i"], lowest["f"], keys)
    return found


def salient(network: RecurrentNetwork, task: Task, batch: Batch) -> dict[str, float]:
    """How well the gradient of the right answer's logit with respect to a step's input tells the key's step: AUROC of
    its norm. Of the network as it is; nothing is changed."""
    assert batch.key_positions is not None
    with torch.enable_grad():
        x = batch.x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(task.target_logit(network(x, batch.lengths), batch).sum(), x)
    return {"auroc_saliency": auroc(gradient.double().norm(dim=-1), batch.key_positions[:, 0])}


def weight_mass(i_TBH: Tensor, f_TBH: Tensor, keys_B: Tensor) -> float:
    """The key's share of the weights i_j prod_{k>j} f_k of steps in the last c; of K steps alike 1/K."""
    logs = f_TBH.double().log().flip(0).cumsum(0).flip(0)
    after = torch.cat([logs[1:], torch.zeros_like(logs[:1])])
    weights = (i_TBH.double() * after.exp()).mean(-1)
    return (weights.gather(0, keys_B.unsqueeze(0))[0] / weights.sum(0)).mean().item()


def auroc(signal_TB: Tensor, keys_B: Tensor) -> float:
    """P(signal at the key > signal at a distractor of the same sequence), ties half; mean over sequences."""
    own = signal_TB.gather(0, keys_B.unsqueeze(0))
    above = (own > signal_TB).double() + 0.5 * (own == signal_TB).double()
    others = len(signal_TB) - 1
    return ((above.sum(0) - 0.5) / others).mean().item()  # less the key against itself
