"""Faults one at a time, on machines apart: the head lost, the command killed, a network cut, processes that stop."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import Comparison, ended
from benchmarks.cluster.machines import Machines


def lost_head(wait: int = 40) -> dict[str, Any]:
    """SIGKILL to all of Ray on the head. It comes back within the wait; then it does not, and the same command goes on
    on a new cluster, and a copy of the folder on this machine. wait: seconds, in place of ten minutes."""
    with tempfile.TemporaryDirectory() as name:
        run, found = Comparison(Path(name)), dict[str, Any]()
        expected = run.expected()
        with Machines(1) as cluster:
            process = run.start("ray", cluster, wait=600)
            run.await_done("ray", 10, process)
            kept = run.finished("ray")
            _kill_ray(cluster)
            cluster.start_ray()
            found["back in time"] = ended(process) | run.compared("ray", expected, kept)
            process = run.start("gone", cluster, wait=wait)
            run.await_done("gone", 10, process)
            kept = run.finished("gone")
            _kill_ray(cluster)
            found["not back"] = ended(process)
            run.copy("gone", "here")
            cluster.start_ray()
            found["continued on a new cluster"] = ended(run.start("gone", cluster)) | run.compared(
                "gone", expected, kept
            )
        run.local("here")
        found["continued here"] = run.compared("here", expected, kept)
        return found


def _kill_ray(cluster: Machines) -> None:
    """Of the head, at once; the nodes end by themselves where they lose it, and their services start them anew."""
    cluster.head.signal(signal.SIGKILL)
    time.sleep(5)
    for machine in cluster.all[1:]:
        machine.signal(signal.SIGKILL)
    time.sleep(1)


def lost_command() -> dict[str, Any]:
    """SIGKILL to the command while tasks run; continued on the cluster, and a copy of the folder on this machine."""
    with tempfile.TemporaryDirectory() as name:
        run, found = Comparison(Path(name)), dict[str, Any]()
        expected = run.expected()
        with Machines(2) as cluster:
            process = run.start("ray", cluster)
            run.await_done("ray", 20, process)
            process.kill()
            process.communicate()
            kept = run.finished("ray")
            run.copy("ray", "here")
            time.sleep(10)
            found["tasks ten seconds later"] = sum(
                "ray::run_bundle" in line for machine in cluster.all for line in machine.processes().values()
            )
            found["continued on the cluster"] = ended(run.start("ray", cluster)) | run.compared("ray", expected, kept)
        run.local("here")
        found["continued here"] = run.compared("here", expected, kept)
        return found


def partition(seconds: int = 90) -> dict[str, Any]:
    """The cable of a node is pulled while it trains, and plugged in again after so many seconds."""

    def cut(cluster: Machines) -> None:
        cluster.all[2].connect(False)
        time.sleep(seconds)
        cluster.all[2].connect(True)

    return _disturbed(cut)


def stopped(seconds: int = 90) -> dict[str, Any]:
    """SIGSTOP to all of Ray on a node, and SIGCONT after so many seconds."""

    def stop(cluster: Machines) -> None:
        cluster.all[2].signal(signal.SIGSTOP)
        time.sleep(seconds)
        cluster.all[2].signal(signal.SIGCONT)

    return _disturbed(stop)


def stopped_task(seconds: int = 150) -> dict[str, Any]:
    """The same to a task alone: Ray sees nothing amiss, the command's own patience ends it after two minutes."""

    def stop(cluster: Machines) -> None:
        cluster.all[2].signal(signal.SIGSTOP, only="ray::run_bundle")
        time.sleep(seconds)
        cluster.all[2].signal(signal.SIGCONT, only="ray::run_bundle")

    return _disturbed(stop)


def _disturbed(disturb: Any) -> dict[str, Any]:
    """A comparison on two nodes, disturbed once both have finished some."""
    with tempfile.TemporaryDirectory() as name:
        run = Comparison(Path(name))
        expected = run.expected()
        with Machines(2) as cluster:
            process = run.start("ray", cluster)
            run.await_done("ray", 30, process)
            kept = run.finished("ray")
            disturb(cluster)
            before = process.poll() is None
            return {"it ran until then": before, **ended(process), **run.compared("ray", expected, kept)}
