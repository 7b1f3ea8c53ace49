"""The settings that won, trained once more on all that there is, to the step that was best where one could see it."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.data import DataTask
from carousel.experiments.training.description import Refit
from carousel.experiments.training.learners import Weights, snapshot
from carousel.experiments.training.loop import Learner, train
from carousel.experiments.training.scoring import evaluate
from carousel.experiments.training.trial import build_contender


@dataclass(frozen=True)
class RefitResult:
    """weights: after the last step. record: how the training ended, and the score on what was learned from."""

    weights: Weights
    record: dict[str, object]


def refit(job: Refit, whole: DataTask) -> RefitResult:
    """Train on a task whose parts are all of it. Nothing is chosen on the way: no part is left to choose by."""
    trial = job.trial
    network = build_contender(trial.contender, whole, trial.seed, trial.kernel)
    (learner,) = train([Learner(network, whole, trial.seed, trial.learning_rate)], job.training)
    score = evaluate(network, whole, whole.batches("training", whole.checked))
    examples = len(whole.prepared.rows("training"))
    record: dict[str, object] = {"outcome": learner.history.outcome, "training_score": score, "examples": examples}
    return RefitResult(snapshot(network), record)
