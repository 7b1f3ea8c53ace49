"""The driver of a run, as a process of its own: `python -m benchmarks.cluster.drive FOLDER ADDRESS DO`.

It runs the plan of the folder and prints, as JSON, what it took: seconds, its own seconds of processor time and those
of the bridge, how many tasks there were, when each worker began its first, and when each began and ended."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from carousel.experiments.runner.cluster.messages import Ended, Message, Started
from carousel.experiments.runner.cluster.ray_engine import RayEngine
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan


def main(path: str, address: str, do: str) -> None:
    """Run, and print."""
    folder, said, begins = RunFolder(Path(path)), list[str](), dict[int, float]()
    engine = RayEngine(address, None, do)
    cluster, tasks = engine._cluster, dict[int, int]()
    events, bridge = list[tuple[str, int, float, float]](), list[float]()
    ordinary = cluster.messages

    def watched() -> list[tuple[int, Message]]:
        found = ordinary()
        bridge.append(_cpu_of(cluster._child._process.pid))  # it is gone when the run is over
        for lease, message in found:
            if lease and isinstance(message, Started):
                tasks[lease] = message.pid
                begins.setdefault(message.pid, time.time())
            if lease in tasks and isinstance(message, Started | Ended):
                pid = tasks[lease]
                events.append((type(message).__name__, pid, time.time(), _cpu_of(pid)))
        return found

    cluster.messages = watched  # type: ignore[method-assign]
    began = time.time()
    plan = folder.load_plan()
    with folder.locked():
        start = partial(engine.start, say=lambda key, **values: said.append(key))
        run_plan(plan, folder, engine.workers, lambda progress: None, start=start)
    took: dict[str, Any] = {"began": began, "ended": time.time(), "tasks": len(tasks), "said": said}
    took |= {"worker_begins": sorted(begins.values()), "events": events}
    took["bridge_cpu"] = max(bridge)
    json.dump(took | {"driver_cpu": _cpu(resource.RUSAGE_SELF)}, sys.stdout)
    engine.close()


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _cpu_of(process: int) -> float:
    """Of a process of this machine, seconds so far; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*sys.argv[1:])
