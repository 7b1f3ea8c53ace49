"""A pruned run: real trainings, the same choice as without, and the same bytes however its trials were grouped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import FolderConflict
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.table_files import parquet
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.runner.worker import _work
from tests.soak.left import finished
from tests.support.runs import numbers, small_plan, trained

RATES = {"learning_rates": (0.01, 0.03), "rate_bounds": (0.001, 0.3), "tuning_seeds": (0, 1, 2)}


def plan(prunes: bool) -> Plan:
    made = small_plan(steps=400, contenders="gru,lstm:chrono")
    return made.model_copy(update={**RATES, "prunes_tuning": prunes})


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(plan(True), tmp_path_factory.mktemp("pruned") / "run")


def test_the_choice_is_that_of_a_run_that_prunes_nothing(together: RunFolder, tmp_path: Path) -> None:
    whole = load_evidence(trained(plan(False), tmp_path / "whole").path).trials
    pruned = load_evidence(together.path).trials
    same = ["phase", "contender", "learning_rate", "seed"]
    assert pruned.select(same).sort(same).equals(whole.select(same).sort(same))  # the same grids, the same choice
    reporting = pl.col("phase") == "reporting"
    assert pruned.filter(reporting).drop("seconds").equals(whole.filter(reporting).drop("seconds"))
    ended = pruned.filter(pl.col("outcome") == "pruned")
    assert ended.height >= 3
    assert set(ended["phase"]) == {"tuning"}
    assert ended["score"].is_null().all()
    assert ended["validation_score"].is_not_null().all()
    longer = ended.join(whole, on=same)
    assert (longer["steps"] < longer["steps_right"]).all()


@pytest.fixture(scope="module")
def ran_on(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """All that can start at once was trained one by one: none knew of another, so each ran to its own end."""
    folder, made = RunFolder(tmp_path_factory.mktemp("alone") / "run"), plan(True)
    folder.claim_for(made)
    folder.write_json(folder.environment, {})
    ledger, sources = Ledger(folder.ledger, create=True), Sources(folder)
    ledger.add(first_jobs(made))
    while first := ledger.first_pending():
        _work(ledger.claim(1, first, most=1), folder, ledger, sources)
    ledger.close()
    assert "pruned" not in load_evidence(folder.path).trials["outcome"]
    return folder


def test_trials_that_trained_alone_are_cut_to_the_same_bytes(
    together: RunFolder, ran_on: RunFolder, tmp_path: Path
) -> None:
    folder = trained(plan(True), shutil.copytree(ran_on.path, tmp_path / "run"))
    assert numbers(folder.path) == numbers(together.path)


@pytest.mark.parametrize(
    "damaged",
    [
        lambda table: b"no table",
        lambda table: parquet(table.drop("loss")),
        lambda table: parquet(table.head(10)),  # it ends before the step at which it is to be cut
    ],
)
def test_damaged_curves_of_a_trial_to_be_cut_are_told(
    damaged: Callable[[pl.DataFrame], bytes], ran_on: RunFolder, tmp_path: Path
) -> None:
    folder = RunFolder(shutil.copytree(ran_on.path, tmp_path / "run"))
    for path in (folder.path / "trials").glob("*.parquet"):
        path.write_bytes(damaged(pl.read_parquet(path)))
    before = finished(folder.path)
    with pytest.raises(FolderConflict, match="absent or damaged"):
        trained(plan(True), folder.path)
    assert finished(folder.path).items() >= before.items()  # nothing was cut
