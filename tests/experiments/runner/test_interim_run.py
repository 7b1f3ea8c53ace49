"""A run that grows: it trains what is added and nothing twice, and ends the same whether killed or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from carousel.experiments.finalise import InterimAnalysis
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.budgets import BUDGETS
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import Progress, run_plan
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import InitialFlow, OnsetProbe, Trial
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import numbers, small_plan

pytestmark = pytest.mark.slow

GROUP = ("delayed-recall/T=8", "lstm:chrono")
REACH = {GROUP: 3}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return small_plan(seeds=4).model_copy(update={"interim_analyses": (2, 3, 4)})


def grown(plan: Plan, path: Path, stop_at: int | None = None) -> RunFolder:
    """Run the plan; `stop_at`: interrupted when so many jobs are done, then continued."""
    folder = RunFolder(path)
    folder.claim_for(plan)

    def watch(progress: Progress) -> None:
        assert progress.share <= 1 and progress.counts["done"] <= progress.expected
        if stop_at is not None and progress.counts["done"] >= stop_at:
            raise KeyboardInterrupt

    if stop_at is not None:
        with folder.locked(), pytest.raises(KeyboardInterrupt):
            run_plan(plan, folder, 1, watch, lambda: REACH)
        stop_at = None
    with folder.locked():
        run_plan(plan, folder, 1, watch, lambda: REACH)
    return folder


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return grown(plan, tmp_path_factory.mktemp("grown") / "run")


def test_the_group_that_is_named_gets_the_seeds_of_the_next_look(whole: RunFolder, plan: Plan) -> None:
    trials = load_evidence(whole.path).trials
    reporting = trials.filter(trials["phase"] == "reporting")
    seeds = {(row["contender"], row["seed"]) for row in reporting.to_dicts()}
    assert seeds == {("rnn", 100), ("rnn", 101), ("lstm:chrono", 100), ("lstm:chrono", 101), ("lstm:chrono", 102)}
    assert reporting.height == len(seeds)
    assert reporting.select("contender", "learning_rate").unique().height == 2  # tuned once


@pytest.mark.parametrize("stop_at", [3, 11])
def test_a_run_that_was_stopped_ends_with_the_same_numbers(
    whole: RunFolder, plan: Plan, tmp_path: Path, stop_at: int
) -> None:
    assert numbers(grown(plan, tmp_path / "run", stop_at).path) == numbers(whole.path)


def test_a_finished_run_calls_for_seeds_by_its_evidence_alone(whole: RunFolder) -> None:
    allocation = InterimAnalysis(whole.path).more_seeds()
    assert allocation == InterimAnalysis(whole.path).more_seeds()
    assert all(seeds in (3, 4) for seeds in allocation.values())


@pytest.mark.parametrize("budget", BUDGETS)
def test_another_seed_shares_no_random_number_with_the_first(budget: str) -> None:
    """Tuning, reporting to the last look, and the networks that are measured untrained."""
    used = []
    for seed in (0, 1):
        plan = make_plan(ComparisonRequest(("delayed-recall",), "rnn,lstm", (8,), budget=budget, seed=seed)).plan
        jobs = [job for _, job in first_jobs(plan)]
        untrained = {s for j in jobs if isinstance(j, InitialFlow | OnsetProbe) for s in j.seeds}
        trained = {j.seed for j in jobs if isinstance(j, Trial)} | set(plan.reporting_seeds)
        assert not {j.seed for j in jobs if isinstance(j, Trial)} & set(plan.reporting_seeds)
        used.append((untrained, trained))
    assert not used[0][0] & used[1][0]
    assert not used[0][1] & used[1][1]
    assert len(plan.reporting_seeds) == max(plan.interim_analyses)
