"""How the cluster grows, and what a job costs: `many`, `sleeping`, `real`. Each prints a JSON object."""

from __future__ import annotations

from typing import Any

from benchmarks.cluster.nodes import Nodes
from benchmarks.cluster.runs import driven
from benchmarks.cluster.sleeping import plan as sleeping_plan
from benchmarks.workers import plan as real_plan

from carousel.experiments.runner.cluster.bridge import DO_JOBS


def many(jobs: int = 20_000, nodes: int = 2) -> dict[str, Any]:
    """So many jobs of a millisecond: what is left is overhead."""
    found = _on(nodes, 1, lambda address: driven(sleeping_plan(jobs, 1), address))
    finished = [at for at, _ in found["finished"]]
    seconds = finished[-1] - finished[0]
    return {
        "jobs": len(finished),
        "seconds": round(seconds, 1),
        "ms_a_job": round(1000 * seconds / len(finished), 2),
        "driver_cpu_ms_a_job": round(1000 * found["driver_cpu"] / len(finished), 2),
        "tasks": found["tasks"],
        "ledger_mb": round(found["bytes"] / 1e6, 1),
    }


def sleeping(workers: int, seconds_each: int = 4, trials_each: int = 30, nodes: int = 4) -> dict[str, Any]:
    """Efficiency of sleeping trials, from when all workers have begun: on few cores they start one after the other."""
    nodes = min(nodes, workers)
    plan = sleeping_plan(workers * trials_each, 1000 * seconds_each)
    found = _on(nodes, workers // nodes, lambda address: driven(plan, address))
    began = found["worker_begins"][workers - 1]
    return {"workers": workers, **_efficiency(found, began, seconds_each, workers)}


def _efficiency(found: dict[str, Any], began: float, seconds_each: float, workers: int) -> dict[str, Any]:
    """Trials that ended after `began`, those under way then counted by half; to the end of the last."""
    ends = [at for at, kind in found["finished"] if kind == "trial" and at > began]
    window = ends[-1] - began
    slept = (len(ends) - workers / 2) * seconds_each
    return {"trials": len(ends), "seconds": round(window, 1), "efficiency": round(slept / window / workers, 3)}


def real(pairs: int = 2) -> dict[str, Any]:
    """Real trainings by one and by two workers: jobs a second from the first that is finished to the last."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(pairs):
        for workers, found in rates.items():
            done = _on(1, workers, lambda address: driven(real_plan(), address, DO_JOBS))
            ends = [at for at, _ in done["finished"]]
            found.append((len(ends) - 1) / (ends[-1] - ends[0]))
    one, two = max(rates[1]), max(rates[2])
    return {"jobs_a_second": rates, "efficiency": round(two / one / 2, 3)}


def _on(nodes: int, slots: int, run: Any) -> dict[str, Any]:
    cluster = Nodes(nodes, slots)
    try:
        return run(cluster.address)
    finally:
        cluster.close()
