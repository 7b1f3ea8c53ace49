"""How long a plan would take here: each contender's training step is timed at each length; nothing is trained."""

from __future__ import annotations

import resource
import sys
import time
from itertools import islice
from typing import NamedTuple

import torch

from carousel.experiments.runner.grouping import networks_together
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender
from carousel.experiments.training.draws import Draws
from carousel.experiments.training.learners import learners_of
from carousel.experiments.training.scoring import evaluate
from carousel.experiments.training.trial import build_contender

_REPEATS = 3
_GROUP = 4  # networks at most: more save little, and take time to set up


class Estimate(NamedTuple):
    """trials: how many at least. longest_seconds: if each of them ran to its last step, over all workers; solved,
    stalled and pruned trials stop sooner. grown_seconds: the same if every contender came to have the seeds of the last
    interim analysis, and all learning rates that a grid can go on to. step_seconds: by condition and contender, one
    training step of a network. peak_bytes: the most memory this process has had, the scoring of two batches included.
    """

    trials: int
    longest_seconds: float
    grown_seconds: float
    step_seconds: dict[str, dict[str, float]]
    peak_bytes: int


def estimate(plan: Plan, sources: Sources, workers: int) -> Estimate:
    """Time a few training steps of every contender on every condition, in one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        steps = {
            c.key: {
                contender.spec: _step_seconds(plan, c.source, contender, sources.task(plan.source(c.source), c.length))
                for contender in plan.contenders[c.source]
            }
            for c in plan.conditions()
        }
    finally:
        torch.set_num_threads(threads)
    one_each = sum(s for by_spec in steps.values() for s in by_spec.values()) * plan.training.steps / workers
    longest, grown = (
        one_each * (tried * len(plan.tuning_seeds) + seeds)
        for tried, seeds in ((plan.fewest_rates, plan.first_analysis), (plan.most_rates, plan.last_analysis))
    )
    return Estimate(plan.count_trials(), longest, grown, steps, peak_memory())


def _step_seconds(plan: Plan, source: str, contender: Contender, task: Task) -> float:
    """One network's share of a training step of a small group: the quickest of a few, after one to warm up."""
    training = plan.training_of(source)
    seeds = range(min(_GROUP, networks_together(contender, task, training.batch_size)))
    networks = [build_contender(contender, task, seed, plan.kernel) for seed in seeds]
    learners = learners_of(networks, [plan.learning_rates[0]] * len(seeds), training.clip_norm)
    draws = Draws([task] * len(seeds), seeds, training.batch_size)
    times = []
    for _ in range(_REPEATS + 1):
        began = time.perf_counter()
        drawn, batch = draws.next()
        learners.step(task.losses(learners.outputs(drawn), batch))
        times.append(time.perf_counter() - began)
    if plan.source(source).kind == "file":
        evaluate(networks[0], task, islice(task.batches("test"), 2))  # what takes most memory, in two of its batches
    return min(times[1:]) / len(seeds)


def peak_memory() -> int:
    """Bytes: the most this process has had resident."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
