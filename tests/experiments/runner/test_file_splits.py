"""A run on a file: every reporting seed has its own split, the same for all contenders; tuning has one."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest
import tomli_w

from carousel.common.errors import BadPlan, FolderConflict
from carousel.experiments.data import DataOptions, Prepared
from carousel.experiments.results.export import export_best
from carousel.experiments.results.kept import keep
from carousel.experiments.results.load import load_evidence
from carousel.experiments.rivals.run import run_rival
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.planning import replan
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.split_store import load_splits, store_splits
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.training.description import FileSource, Trial
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened

pytestmark = pytest.mark.slow
OPTIONS = DataOptions(target="label", group="id", order="t")


def table(folder: Path) -> Path:
    """60 sequences of 8 steps, the class set by the sign of the sum."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 8))
    frame = pl.DataFrame(
        {
            "id": np.repeat(np.arange(60), 8),
            "t": np.tile(np.arange(8), 60),
            "a": values.ravel(),
            "label": np.repeat(np.where(values.sum(axis=1) > 0, "up", "down"), 8),
        }
    )
    frame.write_csv(folder / "table.csv")
    return folder / "table.csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of few steps."""
    folder = tmp_path_factory.mktemp("file")
    made = make_plan(ComparisonRequest((str(table(folder)),), "rnn,lstm:chrono", parameters=3000, data=OPTIONS))
    plan = shortened(made.plan, steps=20, seeds=2)
    run = RunFolder(folder / "run")
    run.claim_for(plan)
    store_splits(run, made.splits)
    with run.locked():
        run_plan(plan, run, 1, lambda progress: None)
    return run


def test_every_rival_is_fitted_once_on_each_seeds_split_and_kept(run: RunFolder, tmp_path: Path) -> None:
    evidence = load_evidence(run.path)
    (names,) = evidence.plan.rivals.values()
    assert names == ("most-frequent", "linear", "boosting", "random-convolutions")
    found = set(evidence.rivals.select("condition", "rival", "seed").iter_rows())
    assert found == {("table", name, seed) for name in names for seed in evidence.plan.reporting_seeds}
    row = evidence.rivals.row(by_predicate=(pl.col("rival") == "linear") & (pl.col("seed") == 101), named=True)
    split = Prepared.load(run.split(101))
    again = run_rival("linear", split, 101)
    assert vars(again) | {"seconds": 0.0} == {name: row[name] for name in vars(again)} | {"seconds": 0.0}
    trial = evidence.trials.filter(pl.col("phase") == "reporting", pl.col("seed") == 101, pl.col("length") == 0)
    assert set(trial["baseline_score"]) == {row["baseline_score"]}
    keep(evidence, RunFolder(tmp_path / "kept"))
    kept = load_evidence(tmp_path / "kept").rivals
    assert kept.drop(cs.float()).equals(evidence.rivals.drop(cs.float()))
    assert kept["score"].to_list() == pytest.approx(evidence.rivals["score"].to_list())


def test_a_rival_that_was_cut_is_done_again_and_one_of_another_plan_is_refused(run: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(Path(shutil.copytree(run.path, tmp_path / "copy")))
    before, plan = load_evidence(run.path).rivals, run.load_plan()
    with closing(sqlite3.connect(copy.ledger)) as database, database:
        cut = "UPDATE jobs SET state='running', record=NULL WHERE kind='rival' AND description LIKE '%linear%'"
        assert database.execute(cut).rowcount == 2
    assert load_evidence(copy.path).rivals.height == before.height - 2
    with copy.locked():
        run_plan(plan, copy, 1, lambda progress: None)
    assert load_evidence(copy.path).rivals.drop("seconds").equals(before.drop("seconds"))
    fewer = plan.model_copy(update={"rivals": {"table": ("linear",)}})
    copy.plan.write_text(tomli_w.dumps(fewer.model_dump(mode="json", exclude_none=True)))
    with pytest.raises(FolderConflict, match="damaged"):
        load_evidence(copy.path)


def test_a_plan_without_rivals_is_named_as_before_there_were_any(tmp_path: Path) -> None:
    made = make_plan(ComparisonRequest((str(table(tmp_path)),), data=OPTIONS, rivals=("none",))).plan
    assert made.rivals == {} and "rivals" not in made.model_dump(mode="json")
    with pytest.raises(BadPlan, match="--rivals are for a file"):
        make_plan(ComparisonRequest(("adding",), rivals=("linear",)))
    wrong = made.model_copy(update={"rivals": {"table": ("guessing",)}})
    assert wrong.flaw() == "rivals"


def test_contenders_of_a_seed_meet_the_same_split_and_seeds_differ(run: RunFolder) -> None:
    evidence = load_evidence(run.path)
    reporting = evidence.trials.filter(phase="reporting", length=0)
    for seed in evidence.plan.reporting_seeds:
        split = Prepared.load(run.split(seed))
        assert reporting.filter(seed=seed)["chance_loss"].to_list() == pytest.approx([_entropy(split)] * 2)
        assert set(reporting.filter(seed=seed)["baseline_score"]) == {split.card["baseline"]["score"]}
    parts = [tuple(Prepared.load(path).part) for path in (run.data, *map(run.split, evidence.plan.reporting_seeds))]
    assert len(set(parts)) == 3


def _entropy(split: Prepared) -> float:
    share = np.bincount(split.y[split.rows("training")]) / len(split.rows("training"))
    return -float((share * np.log(share)).sum())


def test_tuning_draws_from_its_own_split_alone(run: RunFolder) -> None:
    plan = run.load_plan()
    source, contender = plan.sources[0], plan.contenders["table"][0]
    about = {"source": source, "length": 0, "contender": contender, "learning_rate": 0.01, "training": plan.training}
    tuning, reporting = (Trial(phase=phase, seed=100, **about) for phase in ("tuning", "reporting"))
    assert (tuning.split, reporting.split) == (None, 100)
    sources = Sources(run)
    batches = [sources.task(source, 0, split).held_out("test").x for split in (None, 100, 101, 100)]
    assert batches[1].equal(batches[3])
    assert not any(batches[1].equal(other) for other in (batches[0], batches[2]))


def test_the_best_network_is_stored_with_the_split_it_was_trained_on(run: RunFolder) -> None:
    exported = export_best(load_evidence(run.path), "rnn")
    assert exported is not None and exported.again is None
    best = exported.folder
    from carousel import load_best

    network, task = load_best(best)
    test = task.held_out("test")
    about = (best / "contender.json").read_text(encoding="utf-8")
    score = task.score(network(test.x, test.lengths).detach(), test)
    assert math.isfinite(score) and f'"score": {score}' in about


def test_a_plan_is_run_anew_under_the_same_splits(run: RunFolder, tmp_path: Path) -> None:
    again = replan(run.path)
    assert again.splits is not None and set(again.splits.by_seed) == set(again.plan.reporting_seeds)
    copy = RunFolder(tmp_path / "copy")
    store_splits(copy, again.splits)
    assert copy.split(100).read_bytes() == run.split(100).read_bytes()
    copy.split(100).unlink()
    with pytest.raises(FolderConflict, match="absent or damaged"):
        load_splits(copy, again.plan)


def test_the_description_of_an_earlier_run_keeps_its_name() -> None:
    one = FileSource(name="a", file="a.csv", sha256="0" * 64)
    assert "splits" not in one.model_dump(mode="json")
    assert one.digest() != one.model_copy(update={"splits": "by-seed"}).digest()


def test_too_few_steps_for_an_exponent_leave_it_unmeasured(run: RunFolder) -> None:
    reporting = load_evidence(run.path).trials.filter(phase="reporting")
    assert reporting.filter(length=2)["lyapunov_end"].is_null().all()
    assert reporting.filter(length=0)["lyapunov_end"].is_not_null().all()
