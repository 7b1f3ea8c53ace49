"""What the engine adds to trainings, in processor time, so that it can be measured on a machine that others use.

A worker on a core of its own would take the processor time that it takes here, and wait between bundles as it does
here, or less. The longest of these sums is the makespan on free cores."""

from __future__ import annotations

import resource
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cluster.nodes import Nodes
from benchmarks.cluster.runs import driven
from tests.support.runs import small_plan

from carousel.experiments.runner.cluster.bridge import DO_JOBS
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import run_plan

Event = tuple[str, int, float, float]  # "Started" or "Ended", process, second, its seconds of processor time


def overhead(seeds: int = 100) -> dict[str, Any]:
    """204 small trainings, or with more seeds more, by a local worker, and on one and two nodes of a worker each."""
    plan = small_plan(steps=400, seeds=seeds)
    local = _local(plan)
    found: dict[str, Any] = {"local_worker_cpu": round(local, 1)}
    makespan = {}
    for nodes in (1, 2):
        cluster = Nodes(nodes, 1)
        try:
            driver = driven(plan, cluster.address, DO_JOBS)
        finally:
            cluster.close()
        found[f"{nodes} workers"], makespan[nodes] = _summary(driver, nodes)
    found["efficiency_1_to_2"] = round(makespan[1] / makespan[2] / 2, 3)
    return found


def _local(plan: Plan) -> float:
    """Seconds of processor time of its process, from start to end."""
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name) / "run")
        folder.claim_for(plan)
        before = _children()
        with folder.locked():
            run_plan(plan, folder, 1, lambda progress: None)
        return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _summary(driver: dict[str, Any], nodes: int) -> tuple[dict[str, Any], float]:
    workers: dict[int, list[Event]] = defaultdict(list)
    for event in driver["events"]:
        workers[event[1]].append(event)
    jobs, spans, gaps, loading = len(driver["finished"]), [], list[float](), []
    for events in workers.values():
        waited = [b[2] - a[2] for a, b in zip(events[1:-1:2], events[2::2], strict=True)]
        spans.append(events[-1][3] - events[0][3] + sum(waited))
        loading.append(events[0][3])
        gaps += waited
    work = sum(events[-1][3] - events[0][3] for events in workers.values())
    return {
        "jobs": jobs,
        "bundles": driver["tasks"],
        "worker_cpu": round(work, 1),
        "worker_cpu_before_its_first_bundle": [round(each, 1) for each in loading],
        "ms_a_job": {
            "command": round(1000 * driver["driver_cpu"] / jobs, 1),
            "bridge": round(1000 * driver["bridge_cpu"] / jobs, 1),
        },
        "gap_between_bundles": {"median": round(median(gaps), 3), "most": round(max(gaps), 3)} if gaps else None,
        "makespan_on_free_cores": round(max(spans), 1),
        "busy": round(work / max(spans) / nodes, 3),
    }, max(spans)
