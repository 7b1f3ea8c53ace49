"""The first analysis of the standard budget on three Ray nodes of this machine, one of which is killed in the middle;
and whether its verdicts are those that a run by the local engine came to at its own first analysis.

`python -m benchmarks.cluster first-look --against RUN`: RUN is the folder of that run, of any budget; it may have gone
on to later analyses, or still be at them. Its plan is run anew, `--sources` and `--claims` leave a part of it. `--out`
keeps the folder: given again, the command goes on. Hours of processor time for the whole of the standard budget."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import differ, said_of_the_cluster
from benchmarks.cluster.kept import first_analysis_of
from benchmarks.cluster.machines import environment
from tests.soak.left import contents

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.training.description import FileSource

_SEED = 27  # which node is killed
_POLL = 1.0


def first_look(*words: str) -> dict[str, Any]:
    """As JSON: the verdicts of both, which files have other bytes, and what the command said of the cluster."""
    asked = _asked(words)
    plan = part_of(RunFolder(asked.against).load_plan(), asked.sources, asked.claims)
    with tempfile.TemporaryDirectory() as name:
        place = asked.out or Path(name)
        local = first_analysis_of(asked.against, plan, Path(name) / "local")  # first: it may not be finished
        found = _on_nodes(plan, place, asked.nodes)
        if found["exit_code"]:
            return found
        return found | _compared(RunFolder(place / "ray"), local)


def part_of(plan: Plan, sources: Sequence[str] = (), claims: Sequence[str] = ()) -> Plan:
    """The plan with these sources alone, and what is asked for these claims; empty: all of them. What is left has the
    jobs that it had. Raises SystemExit where nothing is left, and of a file: its run ends otherwise."""
    if any(isinstance(source, FileSource) for source in plan.sources):
        raise SystemExit("--against takes the run of built-in tasks")
    if unknown := {*sources} - {source.name for source in plan.sources}:
        raise SystemExit(f"that run has no source {', '.join(sorted(unknown))}")
    kept = [
        source
        for source in plan.sources
        if (not sources or source.name in sources) and (not claims or any(plan.asks(c, source.name) for c in claims))
    ]
    if not kept:
        raise SystemExit("that run has no source for these claims")
    names = {source.name for source in kept}
    probes = {probe: tuple(s for s in getattr(plan, probe) if s in names) for probe in ("initial_flow", "onset")}
    return plan.model_copy(update={"sources": tuple(kept), "claims": tuple(claims) or plan.claims, **probes})


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster first-look", description=__doc__)
    parser.add_argument("--against", type=Path, required=True, metavar="RUN")
    parser.add_argument("--sources", type=_names, default=())
    parser.add_argument("--claims", type=_names, default=())
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--out", type=Path)
    return parser.parse_args(words)


def _names(said: str) -> tuple[str, ...]:
    return tuple(said.split(","))


def _on_nodes(plan: Plan, place: Path, nodes: int) -> dict[str, Any]:
    """The command on so many nodes of one worker each; a node is killed once half of the trials are finished."""
    from benchmarks.cluster.nodes import Nodes  # it brings Ray

    RunFolder(place / "plan").claim_for(plan)
    cluster = Nodes(nodes, 1)
    try:
        with (place / "command.log").open("a") as log:
            command = _command(place, cluster.address, log)
            at = _await_done(place / "ray", plan.count_trials() // 2, command)
            cluster.kill_node(random.Random(_SEED), replaced=False)
            code = command.wait()
    finally:
        cluster.close()
    said = said_of_the_cluster((place / "command.log").read_text())
    return {"trials_when_a_node_was_killed": at, "exit_code": code, "said": said}


def _command(place: Path, address: str, log: Any) -> subprocess.Popen[bytes]:
    """`carousel compare`, which ends after its first analysis."""
    words = [sys.executable, "-m", "benchmarks.cluster.command", json.dumps({"analyses": 1}), "compare"]
    words += ["--plan", str(place / "plan"), "--out", str(place / "ray"), "--engine", "ray", "--address", address]
    return subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, env=environment())


def _await_done(folder: Path, trials: int, command: subprocess.Popen[bytes]) -> int:
    """Until so many are finished; gives how many are. Raises SystemExit where the command ends before."""
    while (done := len(list(folder.glob("trials/*.parquet")))) < trials:
        if command.poll() is not None:
            raise SystemExit(f"the command ended with {command.returncode} at {done} trials: see command.log")
        time.sleep(_POLL)
    return done


def _compared(ray: RunFolder, local: RunFolder) -> dict[str, Any]:
    verdicts = {name: _verdicts(folder) for name, folder in (("ray", ray), ("local", local))}
    one, other = ({**contents(folder.path), "environment.json": ""} for folder in (ray, local))  # of more workers
    return {
        "verdicts": verdicts,
        "same_verdicts": verdicts["ray"] == verdicts["local"],
        "files_compared": len(one.keys() | other.keys()),
        "files_that_differ": differ(one, other),
    }


def _verdicts(folder: RunFolder) -> dict[str, str]:
    found: dict[str, Any] = json.loads(folder.verdicts.read_text(encoding="utf-8"))
    return {claim["id"]: claim["verdict"] for claim in found["claims"]}
