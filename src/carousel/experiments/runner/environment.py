"""What a run ran on: versions, processor, and which kernel each contender got and why the others did not."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version as installed
from typing import Any

import torch

from carousel.common.version import PACKAGE, version
from carousel.experiments.runner.machine import processor
from carousel.experiments.runner.plan import Contender, Plan
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.tasks import Task
from carousel.experiments.training.trial import build_contender

_PACKAGES = ("torch", "numba", "numpy", "polars", "scipy", "scikit-learn")


def describe_environment(plan: Plan, sources: Sources, workers: int, device: str = "cpu") -> dict[str, Any]:
    """Plain data for environment.json. device: where trainings are done; which kernel a GPU has for each, its record
    says alone."""
    return {
        "python": platform.python_version(),
        "packages": {PACKAGE: version(), **{name: installed(name) for name in _PACKAGES}},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "workers": workers,
        "threads_per_worker": 1,
        "denormals": "flushed to zero",
        **({"kernels": _kernels(plan, sources)} if device == "cpu" else {"device": device}),
    }


def _kernels(plan: Plan, sources: Sources) -> dict[str, dict[str, dict[str, Any]]]:
    """By source and contender: the kernel that runs its training, and the refusals of those preferred to it."""
    return {
        source.name: {
            c.spec: _kernel(plan, c, sources.task(source, plan.lengths_of(source.name)[0]))
            for c in plan.contenders[source.name]
        }
        for source in plan.sources
    }


def _kernel(plan: Plan, contender: Contender, task: Task) -> dict[str, Any]:
    """Runs the contender once, so that what is stored is what ran, and kernels are compiled before workers start."""
    batch = task.sample(torch.Generator().manual_seed(0), 2)
    network = build_contender(contender, task, 0, plan.kernel)
    network(batch.x, batch.lengths)
    return {"kernel": network.kernels[0], "refused": network.refusals}
