"""Run trials from their descriptions: the numbers depend on nothing else (but the machine and its libraries)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from carousel.experiments.columns import Exponent, Measures, Moment, Occluded, Probed
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.ensemble import Averaged, Ensemble
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.data import DataTask
from carousel.experiments.probes.gates import measure_gates
from carousel.experiments.probes.gradient_flow import Flow, measure_exponent, measure_flow
from carousel.experiments.probes.length_generalisation import measure_longer
from carousel.experiments.probes.memorisation import measure_memorised
from carousel.experiments.probes.occlusion import measure_occlusion
from carousel.experiments.tasks.base import Task
from carousel.experiments.training.description import Contender, FileSource, TaskSource, Trial
from carousel.experiments.training.device import CPU
from carousel.experiments.training.history import History
from carousel.experiments.training.learners import Weights, snapshot
from carousel.experiments.training.loop import Learner, train
from carousel.experiments.training.scoring import evaluate, run_on

_INIT_SEED = 1_000_033  # keeps the weights' numbers apart from the data's


@dataclass(frozen=True)
class TrialResult:
    """What a trial gives: its numbers, its curves, its weights. occlusion: of a file seen whole."""

    measures: Measures
    exponent: Exponent
    probed: Probed
    history: History
    flows: list[Flow]
    weights: Weights
    occlusion: list[Occluded]

    @property
    def record(self) -> dict[str, object]:
        """The numbers by column, those of probes where they were measured."""
        probed = vars(self.exponent) | vars(self.probed)
        return vars(self.measures) | {name: value for name, value in probed.items() if value is not None}


def build_contender(contender: Contender, task: Task, seed: int, kernel: str = "auto") -> Network:
    """The contender's network for a task, initialised from the seed."""
    return build(
        ContenderSpec(contender.cell, contender.init, contender.layers),
        Size(contender.hidden, contender.mlp, contender.positions),
        inputs=task.inputs,
        outputs=task.outputs,
        readout=task.readout,
        length=task.length,
        generator=torch.Generator().manual_seed(seed + _INIT_SEED),
        kernel=None if kernel == "auto" else kernel,
    )


def build_ensemble(contender: Contender, task: Task, seed: int, members: int, kernel: str = "auto") -> Network:
    """That of so many, from a seed each, beginning with `seed`; of one the network itself."""
    made = [build_contender(contender, task, seed + k, kernel) for k in range(members)]
    return made[0] if members == 1 else Ensemble(made, _averaged(task))


def _averaged(task: Task) -> Averaged:
    kind = task.prepared.kind if isinstance(task, DataTask) else None
    if kind == "classification":
        return "classes"
    return "keys" if kind == "piano-roll" else "values"


def run_trial(trial: Trial, task: Task) -> TrialResult:
    """Train, measure, evaluate one trial."""
    ((_, result),) = run_trials([trial], [task])
    return result


def run_trials(
    trials: Sequence[Trial], tasks: Sequence[Task], device: torch.device = CPU
) -> Iterator[tuple[Trial, TrialResult]]:
    """Train trials of one shape (`Trial.shape`) as one group, each on its task; a trial is measured and given back as
    soon as it has stopped. Its numbers are those that it has alone. The same seed draws the same training sequences for
    every contender. device: where steps are taken; probes and scores are measured on the processor.

    Gradient flow is followed through a recurrent state; of a network without one the record says why there is none. On
    a fixed training set it is not followed: what is asked there is the score.
    """
    training = [_InTraining(trial, task) for trial, task in zip(trials, tasks, strict=True)]
    by_learner = {id(each.learner): each for each in training}
    began = time.process_time()
    for learner in train([each.learner for each in training], trials[0].training, device):
        spent = (time.process_time() - began) / len(training)
        for each in training:
            each.seconds += spent
        stopped = by_learner[id(learner)]
        training.remove(stopped)
        yield stopped.trial, stopped.measured()
        began = time.process_time()


class _InTraining:
    """A trial on its way: its network, its lag profiles so far, and its share of the processor's time in seconds."""

    def __init__(self, trial: Trial, task: Task):
        self.trial, self.seconds, self._flows = trial, 0.0, list[Flow]()
        task = task.of_seed(trial.seed)
        network = build_contender(trial.contender, task, trial.seed, trial.kernel)
        self.learner = Learner(network, task, trial.seed, trial.learning_rate)
        if trial.race is not None:
            self.learner.contest = trial.contender.spec, trial.race
        reporting = trial.phase == "reporting"
        fixed = isinstance(trial.source, TaskSource) and trial.source.sequences is not None
        self._followed = reporting and not fixed and network.flow_refused is None
        self._last_training_score: float | None = None
        if self._followed:
            self.learner.at_step[max(1, trial.training.steps // 10)] = lambda: self._follow("early")
        if reporting and fixed:
            self.learner.at_step[trial.training.steps] = self._score_last

    def measured(self) -> TrialResult:
        """What the trained network gives."""
        began, trial = time.process_time(), self.trial
        network, task, history = self.learner.network, self.learner.task, self.learner.history
        measures = _measure(network, task, history, self.learner.kernels)
        probed = _probe(network, task, trial) if trial.phase == "reporting" else Probed()
        probed = replace(probed, training_score_last=self._last_training_score)
        exponent = Exponent()
        if self._followed:
            self._follow("end")
            exponent = measure_exponent(network, task, trial.seed)
        measures = replace(measures, seconds=self.seconds + time.process_time() - began)
        occluded = trial.phase == "reporting" and isinstance(trial.source, FileSource) and not trial.length
        occlusion = measure_occlusion(network, task, trial.seed) if occluded else []
        return TrialResult(measures, exponent, probed, history, self._flows, snapshot(network), occlusion)

    def _follow(self, moment: Moment) -> None:
        self._flows.append(measure_flow(self.learner.network, self.learner.task, moment, self.trial.seed))

    def _score_last(self) -> None:
        """The last weights may fit the training set where those that are kept, the best on validation, do not yet."""
        network, task = self.learner.network, self.learner.task
        self._last_training_score = evaluate(network, task, task.batches("training"))


def _probe(network: Network, task: Task, trial: Trial) -> Probed:
    """A probe that does not apply to this network and task gives nothing."""
    found = measure_gates(network, task, trial.seed)
    found |= measure_longer(network, task)
    found |= measure_memorised(network, task, trial.contender.parameters)
    return Probed(**found)


def _measure(network: Network, task: Task, history: History, kernels: Sequence[str]) -> Measures:
    """The numbers of a trained network; `seconds` are known later."""
    return Measures(
        **history.in_numbers(),
        **({} if history.outcome == "pruned" else _tested(network, task)),
        baseline_score=task.metric.chance,
        chance_loss=task.chance_loss,
        seconds=0.0,
        kernel="+".join(kernels),
        state_bits=network.state_bits(task.length),
        flow_refused=network.flow_refused,
    )


def _tested(network: Network, task: Task) -> dict[str, Any]:
    output, test = run_on(network, task, task.batches("test"))
    score, threshold = task.score(output, test), task.metric.solved_threshold
    return {
        "solved": None if threshold is None else score >= threshold,
        "score": score,
        "training_score": evaluate(network, task, task.batches("training", task.most_of_training)),
        "test_loss": task.loss(output, test).item(),
        "rmse": task.rmse(output, test),
    }
