"""A small comparison with real trainings, as the command runs it: on a cluster or on this machine, and what is left."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.cluster.machines import Machines, environment
from tests.soak.left import contents, finished, leftovers
from tests.support.runs import small_plan

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan

_POLL = 0.3
_KNOWN: dict[str, dict[str, str]] = {}  # by digest of a plan
_LONG = 1800.0  # seconds after which a comparison has hung


class Comparison:
    """One plan, run as often as need be. place: where its folders lie."""

    def __init__(self, place: Path, plan: Plan | None = None, *, seeds: int = 60):
        self.place, self._plan = place, place / "plan"
        RunFolder(self._plan).claim_for(plan or small_plan(steps=400, seeds=seeds))

    def expected(self) -> dict[str, str]:
        """What an undisturbed run by the local engine leaves; it is run once for all comparisons of one plan."""
        digest = RunFolder(self._plan).load_plan().digest()
        if digest not in _KNOWN:
            _KNOWN[digest] = self.local("local")
        return _KNOWN[digest]

    def local(self, name: str) -> dict[str, str]:
        """By the local engine, to its end: what is in the folder."""
        process = self.start(name)
        said, _ = process.communicate(timeout=_LONG)
        if process.returncode:
            raise SystemExit(said)
        return contents(self.place / name)

    def start(self, name: str, cluster: Machines | None = None, **settings: Any) -> subprocess.Popen[str]:
        """The command, with the settings of `benchmarks.cluster.command`; on the head of a cluster, or here."""
        settings["trace"] = str(self.place / f"{name}.trace")
        words = [sys.executable, "-m", "benchmarks.cluster.command", json.dumps(settings), "compare"]
        words += ["--plan", str(self._plan), "--out", str(self.place / name)]
        if cluster is None:
            words += ["--workers", "1"]
        else:
            words = cluster.head.command([*words, "--engine", "ray", "--address", cluster.address])
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def await_done(self, name: str, jobs: int, process: subprocess.Popen[str]) -> None:
        """Until so many trials are finished."""
        until = time.monotonic() + _LONG
        while len(list((self.place / name).glob("trials/*.parquet"))) < jobs:
            if process.poll() is not None:
                raise SystemExit(f"it ended too early: {process.communicate()[0]}")
            if time.monotonic() > until:
                raise SystemExit(f"no {jobs} trials in time")
            time.sleep(_POLL)

    def copy(self, name: str, to: str) -> None:
        """The folder as it is, under another name."""
        shutil.copytree(self.place / name, self.place / to)

    def finished(self, name: str) -> dict[str, str]:
        """Each finished job with all its numbers, its seconds too."""
        return finished(self.place / name)

    def compared(self, name: str, expected: dict[str, str], kept: dict[str, str]) -> dict[str, Any]:
        """With the folder of an undisturbed run, and with what was finished before the fault."""
        found, now = contents(self.place / name), self.finished(name)
        for folder in (found, expected):
            folder.pop("environment.json", None)  # how many workers there were
        return {
            "finished_before": len(kept),
            "finished_lost": sum(now.get(job) != numbers for job, numbers in kept.items()),
            "jobs": len(now),
            "files_compared": len(found),
            "files_that_differ": differ(found, expected),
            "left_over": leftovers(self.place / name),
            **self._traced(name),
        }

    def _traced(self, name: str) -> dict[str, Any]:
        """Tasks that were lost, each in a line, and what came of tasks that no longer held their jobs."""
        path = self.place / f"{name}.trace"
        said = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        lost = [f"{each['at']} s: {each['by']}: {each['error'][-160:]}" for each in said if each["said"] == "Lost"]
        return {"lost": lost, "late": [each["said"] for each in said if not each["held"]]}


def differ(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The files that one of two folders lacks, or has with other bytes."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Its exit code, and what it said of the cluster."""
    said, _ = process.communicate(timeout=_LONG)
    return {"exit_code": process.returncode, "said": said_of_the_cluster(said)}


def said_of_the_cluster(said: str) -> list[str]:
    """Whole lines, without how far it was."""
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines()]
    words = ("cluster", "node", "worker", "memory", "a task on", "carousel:", "Traceback")
    return [line for line in lines if any(word in line for word in words)]
