"""A run whose grids of learning rates go on: interrupted anywhere, it ends with the trials and numbers of one that was
left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import Progress, expected_jobs, run_plan
from tests.support.runs import numbers, small_plan

pytestmark = pytest.mark.slow

RATES = (0.0001, 0.001)  # of two rates, one is always at the edge


@pytest.fixture(scope="module")
def plan() -> Plan:
    return small_plan().model_copy(update={"learning_rates": RATES, "rate_bounds": (1e-5, 0.3), "tuning_seeds": (0, 1)})


def trained(plan: Plan, path: Path, stop_at: int | None = None) -> tuple[RunFolder, Progress]:
    """Run the plan; `stop_at`: interrupted when so many jobs are done, then continued. What is said is checked."""
    folder, said = RunFolder(path), list[Progress]()
    folder.claim_for(plan)

    def watch(progress: Progress) -> None:
        assert progress.share <= 1 and progress.counts["done"] <= progress.expected
        said.append(progress)
        if stop_at is not None and progress.counts["done"] >= stop_at:
            raise KeyboardInterrupt

    if stop_at is not None:
        with folder.locked(), pytest.raises(KeyboardInterrupt):
            run_plan(plan, folder, 1, watch)
        assert said[-1].counts["pending"] + said[-1].counts["running"] > 0
        stop_at = None
    with folder.locked():
        run_plan(plan, folder, 1, watch)
    return folder, said[-1]


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Progress]:
    return trained(plan, tmp_path_factory.mktemp("grid") / "run")


def test_each_rate_beyond_the_plan_is_tried_on_every_tuning_seed(whole: tuple[RunFolder, Progress], plan: Plan) -> None:
    trials = load_evidence(whole[0].path).trials
    tuning = trials.filter(phase="tuning").select("contender", "learning_rate", "seed")
    assert tuning.n_unique() == tuning.height
    for spec in plan.specs:
        rates = sorted(set(tuning.filter(contender=spec)["learning_rate"]))
        assert tuning.filter(contender=spec).height == 2 * len(rates) > 2 * len(RATES)
        (best,) = set(trials.filter(phase="reporting", contender=spec)["learning_rate"])
        assert rates[0] < best < rates[-1] or best in (1e-5, 0.1)  # the next ones are out of bounds
    assert trials.filter(phase="reporting").height == 2 * 2


def test_what_comes_on_top_of_the_plan_is_counted(whole: tuple[RunFolder, Progress], plan: Plan) -> None:
    folder, last = whole
    added = load_evidence(folder.path).trials.filter(phase="tuning").height - 2 * 2 * 2
    assert added > 0
    assert last.expected == last.counts["done"] == expected_jobs(plan) + added
    assert last.share == pytest.approx(1)


@pytest.mark.parametrize("stop_at", [4, 11, 14])
def test_a_run_that_was_stopped_ends_with_the_same_jobs_and_numbers(
    whole: tuple[RunFolder, Progress], plan: Plan, tmp_path: Path, stop_at: int
) -> None:
    folder, last = trained(plan, tmp_path / "run", stop_at)
    assert jobs(folder) == jobs(whole[0])
    assert numbers(folder.path) == numbers(whole[0].path)
    assert last.expected == whole[1].expected


def jobs(folder: RunFolder) -> set[str]:
    ledger = Ledger(folder.ledger)
    found = {entry.hash for entry in ledger.entries()}
    ledger.close()
    return found
