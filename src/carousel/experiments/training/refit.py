"""The settings that won, trained once more on all that there is, to the step that was best where one could see it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.ensemble import Ensemble
from carousel.experiments.data import DataTask
from carousel.experiments.training.description import Refit
from carousel.experiments.training.device import CPU
from carousel.experiments.training.learners import Weights, snapshot
from carousel.experiments.training.loop import Learner, train
from carousel.experiments.training.scoring import evaluate
from carousel.experiments.training.trial import build_ensemble


@dataclass(frozen=True)
class RefitResult:
    """weights: after the last step. record: how the training ended, and the score on what was learned from."""

    weights: Weights
    record: dict[str, object]


def refit(job: Refit, whole: DataTask, device: torch.device = CPU) -> RefitResult:
    """Train on a task whose parts are all of it. Nothing is chosen on the way: no part is left to choose by."""
    network, diverged = trained(job, whole, job.trial.seed, device)
    score = evaluate(network, whole, whole.batches("training", whole.checked))
    examples = len(whole.prepared.rows("training"))
    record: dict[str, object] = {
        "outcome": "diverged" if diverged else "finished",
        "training_score": score,
        "examples": examples,
    }
    return RefitResult(snapshot(network), record)


def trained(job: Refit, task: DataTask, seed: int, device: torch.device = CPU) -> tuple[Network, bool]:
    """The network of the job, or the ensemble, trained on the training part of a task; whether one diverged. seed: of
    the first member."""
    trial = job.trial
    network = build_ensemble(trial.contender, task, seed, job.members, trial.kernel)
    members = network.each if isinstance(network, Ensemble) else [network]
    group = [Learner(member, task, seed + k, trial.learning_rate) for k, member in enumerate(members)]
    done = list(train(group, job.training, device))
    return network.eval(), any(learner.history.outcome == "diverged" for learner in done)
