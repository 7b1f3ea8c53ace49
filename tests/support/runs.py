"""Small plans and real processes for tests of the study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl

from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.task_loader import Sources
from tests.support.plans import ComparisonRequest, make_plan

TIMES = ("seconds",)  # what may differ between two runs of one plan


def small_plan(steps: int = 40, contenders: str = "rnn,lstm:chrono", seeds: int = 2) -> Plan:
    """One task, one length, two rates: seconds, not minutes."""
    plan = make_plan(ComparisonRequest(("delayed-recall",), contenders, (8,), parameters=2000)).plan
    return shortened(plan, steps, seeds)


def shortened(plan: Plan, steps: int, seeds: int = 2) -> Plan:
    """The plan with fewer steps, rates, seeds and sequences. Its grid of rates does not go on."""
    stop = plan.training.stop.model_copy(update={"check_every": 20})
    training = plan.training.model_copy(update={"steps": steps, "batch_size": 8, "stop": stop})
    rates = {"learning_rates": (0.003, 0.01), "rate_bounds": (0.003, 0.01)}
    update = {"training": training, **rates, "tuning_seeds": (0,), "untrained_seeds": (0, 1)}
    return plan.model_copy(update=update | {"reporting_seeds": tuple(range(100, 100 + seeds)), "interim_analyses": ()})


def trained(plan: Plan, path: Path) -> RunFolder:
    """The folder of a run of the plan by one worker; the plan is read from it as it was."""
    folder = RunFolder(path)
    folder.claim_for(plan)
    folder.write_json(folder.environment, describe_environment(plan, Sources.of(None), 1))
    with folder.locked():
        run_plan(plan, folder, 1, lambda progress: None)
    assert folder.load_plan() == plan
    return folder


def numbers(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every number of a run but its times, in a fixed order."""
    evidence = load_evidence(folder)
    frames = {"trials": evidence.trials.drop(TIMES), "profiles": evidence.profiles, "slopes": evidence.slopes}
    frames["onset"] = evidence.onset
    found = {name: frame.to_dicts() for name, frame in frames.items()}
    found["curves"] = [pl.read_parquet(p).to_dicts() for p in sorted((folder / "trials").glob("*.parquet"))]
    return found


def carousel(*arguments: str, cwd: Path | None = None, **keywords: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=300, cwd=cwd, env=environment(), **keywords
    )


def command(*arguments: str) -> list[str]:
    """`carousel ARGUMENTS` with this interpreter."""
    return [sys.executable, "-c", "from carousel.cli.app import main; main()", *arguments]


def environment() -> dict[str, str]:
    """This process's, with the package found where this process found it."""
    import carousel

    return os.environ | {"PYTHONPATH": str(Path(carousel.__file__).parents[1]), "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
