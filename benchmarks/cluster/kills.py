"""Random SIGKILLs to workers, nodes and drivers of real trainings; and a small budget with a node killed midway."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import differ
from benchmarks.cluster.nodes import Nodes
from benchmarks.cluster.runs import driver
from tests.soak.left import contents, finished, leftovers
from tests.support.runs import small_plan

from carousel.common.errors import CarouselError
from carousel.experiments.compare import run_comparison
from carousel.experiments.finalise import finalise
from carousel.experiments.preflight import preflight
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.cluster.bridge import DO_JOBS
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.task_loader import Sources

_SEED = 27
_PAUSE = (0.5, 8.0)  # seconds between kills
_KINDS = ("worker", "worker", "worker", "node", "driver")
_EARLY = 0.2  # of the kills meant for a driver that has no task yet, so many are done


def kills(n: int = 200, seeds: int = 60) -> dict[str, Any]:
    """So many kills over as many runs of one plan as that takes; each run ends as one of the local engine."""
    plan = small_plan(steps=400, seeds=seeds)
    with tempfile.TemporaryDirectory() as name:
        reference = _new(Path(name) / "local", plan)
        with reference.locked():
            run_plan(plan, reference, 2, lambda progress: None)
        finalise(load_evidence(reference.path), "en")
        cluster = Nodes(2, 1)
        try:
            return _Kills(cluster, plan, contents(reference.path), Path(name) / "run").all(n)
        finally:
            cluster.close()


def _new(path: Path, plan: Plan) -> RunFolder:
    folder = RunFolder(path)
    folder.claim_for(plan)
    folder.write_json(folder.environment, describe_environment(plan, Sources(folder), 2))
    return folder


class _Kills:
    """What was killed, and what was wrong afterwards."""

    def __init__(self, cluster: Nodes, plan: Plan, expected: dict[str, str], path: Path):
        self._cluster, self._plan, self._expected, self._path = cluster, plan, expected, path
        self._chance, self._killed, self._ends = random.Random(_SEED), Counter[str](), Counter[str]()
        self._kept: dict[str, str] = {}
        self._lost, self._other, self._runs, self._seen = 0, Counter[str](), 0, 0
        self._driver: subprocess.Popen[bytes] | None = None
        self._whole = False  # a run has ended since the last kill
        self._folder = _new(path, plan)

    def all(self, n: int) -> dict[str, Any]:
        """Until so many were killed and the last run has ended."""
        began = time.monotonic()
        while self._killed.total() < n or not self._whole:
            self._driver = self._driver or driver(self._path, self._cluster.address, DO_JOBS)
            time.sleep(self._chance.uniform(*_PAUSE))
            if self._driver.poll() is not None:
                self._ended(self._driver)
            elif self._killed.total() < n:
                self._kill(self._chance.choice(_KINDS))
            self._check_kept()
        return {
            "killed": dict(self._killed),
            "runs": self._runs,
            "jobs_a_run": self._seen,
            "finished_jobs_lost": self._lost,
            "files_with_other_bytes": dict(self._other),
            "how_drivers_ended": dict(self._ends),
            "minutes": round((time.monotonic() - began) / 60, 1),
        }

    def _kill(self, kind: str) -> None:
        if kind == "driver":
            assert self._driver is not None
            if not self._cluster.tasks() and self._chance.random() > _EARLY:
                return
            self._driver.kill()
            self._driver.communicate()
            self._driver = None
        elif kind == "node":
            self._cluster.kill_node(self._chance)
        elif not self._cluster.kill_worker(self._chance):
            return  # none at work just now
        self._killed[kind] += 1
        self._whole = False
        print(kind, self._killed.total(), "of run", self._runs + 1, "lost", self._lost, file=sys.stderr, flush=True)

    def _check_kept(self) -> None:
        """What was seen finished is there, with the numbers that it had, its seconds too."""
        with suppress(CarouselError):  # a ledger that is being made
            now = finished(self._path)
            self._lost += sum(now.get(job) != numbers for job, numbers in self._kept.items())
            self._kept, self._seen = now, max(self._seen, len(now))

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        """By itself: the run is whole, or it says why not and is continued."""
        self._driver, (_, said) = None, process.communicate()
        self._ends[said.decode().strip().splitlines()[-1] if process.returncode else "done"] += 1
        if process.returncode:
            return
        self._check_kept()
        finalise(load_evidence(self._path), "en")
        found = contents(self._path)
        self._other.update(
            name for name in found.keys() | self._expected.keys() if found.get(name) != self._expected.get(name)
        )
        self._other.update(leftovers(self._path))
        self._runs, self._kept, self._whole = self._runs + 1, {}, True
        shutil.rmtree(self._path)
        self._folder = _new(self._path, self._plan)


def lost_node(nodes: int = 3) -> dict[str, Any]:
    """A comparison on the nodes, of which one is killed in the middle; then by the local engine. Both verdicts."""
    known = preflight(ComparisonRequest(("delayed-recall", "adding"), "rnn,lstm:chrono", (10, 30)), None)
    with tempfile.TemporaryDirectory() as name:
        cluster = Nodes(nodes, 1)
        folders = {engine: Path(name) / engine for engine in ("ray", "local")}
        try:
            killer = threading.Thread(target=_kill_midway, args=(cluster, folders["ray"], known.plan.count_trials()))
            killer.start()
            run_comparison(known, folders["ray"], None, "en", sys.stderr, ("ray", cluster.address))
            killer.join()
        finally:
            cluster.close()
        run_comparison(known, folders["local"], nodes, "en", sys.stderr)
        verdicts = {
            engine: {c["id"]: c["verdict"] for c in json.loads((path / "verdicts.json").read_text())["claims"]}
            for engine, path in folders.items()
        }
        one, other = (contents(path) for path in folders.values())
        trials = len(finished(folders["ray"]))
        return {
            "jobs": trials,
            "verdicts": verdicts,
            "files_compared": len(one),
            "files_that_differ": differ(one, other),
        }


def _kill_midway(cluster: Nodes, folder: Path, trials: int) -> None:
    """Once half of the trials are finished."""
    while not folder.exists() or len(list(folder.glob("trials/*.parquet"))) < trials / 2:
        time.sleep(0.2)
    cluster.kill_node(random.Random(_SEED), replaced=False)  # Ray starts nodes from a main thread alone
