"""The training loop, plain: draw, forward, backward, note the gradient's norm, clip, step, look now and then."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from carousel.experiments.columns import Outcome
from carousel.experiments.contenders.base import Network
from carousel.experiments.tasks.base import Batch, Task
from carousel.experiments.training.description import Training
from carousel.experiments.training.stopping import Stopping

Weights = dict[str, Tensor]


@dataclass
class History:
    """What happened, step by step. `validation` maps a step to the score of its check."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    validation: dict[int, float] = field(default_factory=dict)
    outcome: Outcome = "finished"
    steps_to_solved: int | None = None
    best_step: int = 0


def train(
    network: Network,
    task: Task,
    training: Training,
    learning_rate: float,
    generator: torch.Generator,
    at_step: dict[int, Callable[[], None]],
) -> History:
    """Train in place with Adam; leaves the weights of the best validation check (the last of equals) in the network.

    `at_step` holds what shall be measured after certain steps. A loss or gradient that is not finite ends the trial as
    "diverged" before it reaches the weights.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
    rule = training.stop
    stopping = Stopping(rule, task.metric, task.chance_loss)
    validation = task.held_out("validation", task.checked)
    history, best, best_score = History(), snapshot(network), -math.inf
    for step in range(1, training.steps + 1):
        if not _one_step(network, task, task.sample(generator, training.batch_size), training, optimiser, history):
            history.outcome = "diverged"
            break
        if step in at_step:
            at_step[step]()
        if step % rule.check_every == 0 or step == training.steps:
            score = evaluate(network, task, validation)
            history.validation[step] = score
            if score >= best_score:
                best, best_score, history.best_step = snapshot(network), score, step
            recent = history.losses[-rule.check_every :]
            outcome = stopping.check(step, score, sum(recent) / len(recent))
            if outcome is not None:
                history.outcome = outcome
                break
    history.steps_to_solved = stopping.steps_to_solved
    network.load_state_dict(best)
    return history


def evaluate(network: Network, task: Task, batch: Batch) -> float:
    """The task's score of the network on a batch."""
    with torch.no_grad():
        return task.score(network(batch.x, batch.lengths), batch)


def snapshot(network: Network) -> Weights:
    """A copy of the weights."""
    return {name: value.clone() for name, value in network.state_dict().items()}


def _one_step(
    network: Network,
    task: Task,
    batch: Batch,
    training: Training,
    optimiser: torch.optim.Optimizer,
    history: History,
) -> bool:
    """One update; False, and no update, where loss or gradient is not finite."""
    loss = task.loss(network(batch.x, batch.lengths), batch)
    optimiser.zero_grad()
    loss.backward()
    norm = clip_grad_norm_(network.parameters(), training.clip_norm).item()
    history.losses.append(loss.item())
    history.norms.append(norm)
    if not (math.isfinite(norm) and math.isfinite(history.losses[-1])):
        return False
    optimiser.step()
    return True
