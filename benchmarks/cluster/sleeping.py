"""Trials that sleep in place of training: as many milliseconds as they have steps. For more workers than there are
cores."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.support.runs import small_plan

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.machine import this_machine
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.training.loop import PULSE
from carousel.experiments.training.rules import digest_of

DO = "benchmarks.cluster.sleeping:do"
_TABLE = 10_000  # bytes of curves, as a trial of a thousand steps has


def do(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `do_jobs`, one after the other. What is stored follows from the description alone."""
    for job in jobs:
        name = digest_of(job)
        time.sleep(job["training"]["steps"] / 1000 if job["kind"] == "trial" else 0.0)
        PULSE.steps += 1
        folder.write(folder.curves(name), hashlib.shake_128(name.encode()).digest(_TABLE))
        yield name, {"trial": _trial(name, job), "machine": this_machine()}


def _trial(name: str, job: dict[str, Any]) -> dict[str, Any]:
    score, steps = int(name[:4], 16) / 0xFFFF, job["training"]["steps"] if job["kind"] == "trial" else 0
    return {"validation_score": score, "outcome": "finished", "steps_to_solved": None, "steps": steps}


def plan(trials: int, milliseconds: int) -> Plan:
    """So many reporting trials, of two contenders."""
    found = small_plan()
    training = found.training.model_copy(update={"steps": milliseconds})
    return found.model_copy(
        update={"training": training, "reporting_seeds": tuple(range(100, 100 + trials // 2)), "untrained_seeds": (0,)}
    )
