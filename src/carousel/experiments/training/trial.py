"""Run one trial from its description: the numbers depend on nothing else (but the machine and its libraries)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.probes.gates import measure_gates
from carousel.experiments.probes.gradient_flow import Flow, measure_exponent, measure_flow
from carousel.experiments.probes.length_generalisation import measure_longer
from carousel.experiments.probes.memorisation import measure_memorised
from carousel.experiments.probes.occlusion import measure_occlusion
from carousel.experiments.tasks.base import Task
from carousel.experiments.training.description import Contender, FileSource, Trial
from carousel.experiments.training.loop import History, Weights, evaluate, snapshot, train
from carousel.experiments.training.norms import summarise_norms

_INIT_SEED = 1_000_033  # keeps the weights' numbers apart from the data's


@dataclass(frozen=True)
class TrialResult:
    """`record`: the numbers of the trial (columns of `Evidence.trials` that are not in its description). `occlusion`:
    rows of `Evidence.occlusion`, of a file seen whole."""

    record: dict[str, object]
    history: History
    flows: list[Flow]
    weights: Weights
    occlusion: list[dict[str, Any]]


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


def run_trial(trial: Trial, task: Task) -> TrialResult:
    """Train, measure, evaluate. The same seed draws the same training sequences for every contender.

    Gradient flow is followed through a recurrent state; of a network without one the record says why there is none.
    """
    began = time.process_time()
    task = task.of_seed(trial.seed)
    network = build_contender(trial.contender, task, trial.seed, trial.kernel)
    followed = trial.phase == "reporting" and network.flow_refused is None
    flows: list[Flow] = []
    at_step = {}
    if followed:
        at_step[max(1, trial.training.steps // 10)] = lambda: flows.append(
            measure_flow(network, task, "early", trial.seed)
        )
    generator = torch.Generator().manual_seed(trial.seed)
    history = train(network, task, trial.training, trial.learning_rate, generator, at_step)
    record = _record(network, task, history) | {"lyapunov_end": None}
    if trial.phase == "reporting":
        record |= measure_gates(network, task, trial.seed)
        record |= measure_longer(network, task)
        record |= measure_memorised(network, task, trial.contender.parameters)
    if followed:
        flows.append(measure_flow(network, task, "end", trial.seed))
        record["lyapunov_end"] = measure_exponent(network, task, trial.seed)
    record["seconds"] = time.process_time() - began
    occluded = trial.phase == "reporting" and isinstance(trial.source, FileSource) and not trial.length
    occlusion = measure_occlusion(network, task, trial.seed) if occluded else []
    return TrialResult(record, history, flows, snapshot(network), occlusion)


def _record(network: Network, task: Task, history: History) -> dict[str, object]:
    test, training = task.held_out("test"), task.held_out("training")
    with torch.no_grad():
        output = network(test.x, test.lengths)
        test_loss, score = task.loss(output, test).item(), task.score(output, test)
        rmse = task.rmse(output, test)
    norms = summarise_norms(history.norms)
    threshold = task.metric.solved_threshold
    recent = [loss for loss in history.losses[-50:] if math.isfinite(loss)]
    return {
        "outcome": history.outcome,
        "solved": None if threshold is None else score >= threshold,
        "score": score,
        "validation_score": max(history.validation.values(), default=None),
        "training_score": evaluate(network, task, training),
        "baseline_score": task.metric.chance,
        "training_loss": sum(recent) / len(recent) if recent else None,
        "test_loss": test_loss,
        "chance_loss": task.chance_loss,
        "rmse": rmse,
        "steps": len(history.losses),
        "steps_to_solved": history.steps_to_solved,
        "best_step": history.best_step,
        "gradient_norm_max": norms.largest,
        "spike_share": norms.spike_share,
        "nan_share": norms.nan_share,
        "kernel": "+".join(network.kernels),
        "state_bits": network.state_bits(task.length),
        "flow_refused": network.flow_refused,
    }
