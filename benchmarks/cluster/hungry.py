"""Trials that hold memory while they train: so much each, as the environment of the node says. For real kills."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.jobs import do_jobs
from carousel.experiments.runner.task_loader import Sources

DO = "benchmarks.cluster.hungry:do"
EACH, SEED, LIMIT = "HUNGRY_MB", "HUNGRY_SEED", "HUNGRY_LIMIT_MB"
_MB = 2**20
_GREEDY = 20  # times as much as others takes the trial of HUNGRY_SEED: not refused, but more than a node has


def do(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `do_jobs`, while the memory of the whole group is held."""
    limit = os.environ.get(LIMIT)
    if limit:  # what `ulimit -v` would do
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + int(limit) * _MB, -1))
    held = [np.ones(_hunger(job) * _MB, np.uint8) for job in jobs]
    yield from do_jobs(jobs, folder, sources)
    del held


def _hunger(job: dict[str, Any]) -> int:
    if job["kind"] != "trial":
        return 0
    greedy = str(job["seed"]) == os.environ.get(SEED) and job["contender"]["cell"] == "rnn"
    return int(os.environ[EACH]) * (_GREEDY if greedy else 1)
