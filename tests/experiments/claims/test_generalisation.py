"""Claim 5: test scores at fixed sizes of the training set, over the seeds on which both networks fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from carousel.experiments.claims.generalisation.claim import Generalisation
from carousel.experiments.claims.generalisation.requirement import REQUIREMENT, WIDTHS
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Row, Verdict
from carousel.experiments.finalise import finalise
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.plan import TaskSource
from carousel.experiments.runner.task_loader import built_in
from tests.support.evidence import planted
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened, trained

SPECS = ("rnn", "lstm")
SIZES = (100, 400)
TASKS = ("one", "two", "three")
Scores = Mapping[str, float]


def made(seeds: int = 40, tasks: tuple[str, ...] = TASKS, endless: tuple[str, ...] = ()) -> Evidence:
    """Both networks alike: test score .5, training score 1, on `tasks` with two sizes of the training set each."""
    sets = [TaskSource(name=f"{task}-{n}", task=task, sequences=n) for task in tasks for n in SIZES]
    sources = (*(TaskSource(name=name) for name in endless), *sets)
    options = {"write_curves": False, "with_profiles": False, "specs": SPECS, "lengths": (30,), "seeds": seeds}
    evidence = planted(Path("nowhere"), sources=[source.name for source in sources], **options)
    kept = pl.col("source").is_in(endless)
    names = {"score": 0.5, "validation_score": 0.5, "training_score": 1.0}
    alike = [pl.when(kept).then(pl.col(name)).otherwise(value).alias(name) for name, value in names.items()]
    set_apart = [pl.when(kept).then(pl.col(name)).otherwise(None).alias(name) for name in ("solved", "steps_to_solved")]
    ended = pl.when(kept).then(pl.col("outcome")).otherwise(pl.lit("finished")).alias("outcome")
    trials = evidence.trials.with_columns(*alike, *set_apart, ended, training_score_last=pl.lit(None, pl.Float64))
    return replace(evidence, plan=evidence.plan.model_copy(update={"sources": sources}), trials=trials)


def put(evidence: Evidence, column: str, value: Any, family: str, *where: pl.Expr) -> Evidence:
    """A column's value in some trials of a family."""
    here = pl.all_horizontal(pl.col("family") == family, pl.col("phase") == "reporting", *where)
    changed = pl.when(here).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    return replace(evidence, trials=evidence.trials.with_columns(changed))


def judged(evidence: Evidence, alpha: float = 0.05) -> Verdict:
    return Generalisation().judge(Results(evidence), alpha)


def deciding(verdict: Verdict) -> dict[str, Row]:
    return {str(row.condition): row for row in verdict.rows if row.decides}


@pytest.mark.parametrize(
    ("score", "word", "reason"), [(0.6, "supported", "beyond"), (0.5, "refuted", "less"), (0.4, "refuted", "opposite")]
)
def test_better_no_better_and_worse_on_three_tasks(score: float, word: str, reason: str) -> None:
    verdict = judged(put(made(), "score", score, "LSTM"))
    assert verdict.verdict == word
    assert {row.reason for row in deciding(verdict).values()} == {reason}
    assert len(deciding(verdict)) == len(TASKS) * len(SIZES)


def test_two_tasks_are_not_enough_and_the_sizes_of_one_are_no_tasks() -> None:
    verdict = judged(put(made(tasks=TASKS[:2]), "score", 0.6, "LSTM"))
    assert verdict.verdict == "inconclusive"
    assert "one (supported), two (supported). A general verdict needs 3" in verdict.because["en"]


def test_a_task_whose_sizes_differ_makes_it_conditional() -> None:
    some = put(made(), "score", 0.6, "LSTM", pl.col("source").str.ends_with("-100"))
    verdict = judged(some)
    assert verdict.verdict == "conditional"
    assert "one (conditional)" in verdict.because["en"]


def test_only_seeds_on_which_both_fit_their_training_set_count() -> None:
    """The LSTM wins where both fit; where it does not fit, it loses, which says nothing about generalisation."""
    unfit = pl.col("seed") <= 10
    evidence = put(put(made(), "score", 0.6, "LSTM"), "score", 0.2, "LSTM", unfit)
    assert judged(evidence).effect.value == 0.75
    verdict = judged(put(evidence, "training_score", 0.94, "LSTM", unfit))
    assert (verdict.verdict, verdict.effect.value, verdict.n) == ("supported", 1.0, 30)
    row = deciding(verdict)["one-100/T=30"]
    assert row.details["fit"] == {"seeds": 40, "rnn": 40, "lstm": 30, "both": 30, "perfect": 0}
    assert "one-100/T=30 (RNN 40/40, LSTM 30/40)" in verdict.because["en"]


def test_the_last_weights_may_fit_where_the_best_on_validation_do_not_yet() -> None:
    early = put(put(made(), "training_score", 0.7, "LSTM"), "training_score_last", 0.99, "LSTM")
    assert {row.n for row in deciding(judged(early)).values()} == {40}
    diverged = put(early, "outcome", "diverged", "LSTM", pl.col("seed") <= 20)
    assert {row.n for row in deciding(judged(diverged)).values()} == {20}


def test_seeds_on_which_both_test_scores_are_perfect_do_not_count() -> None:
    """Twenty wins beside twenty ties at the top: the ties say nothing of who is better."""
    top = pl.col("seed") <= 20
    evidence = put(put(put(made(), "score", 1.0, "LSTM"), "score", 1.0, "RNN", top), "score", 0.99, "RNN", ~top)
    verdict = judged(evidence)
    assert (verdict.verdict, verdict.effect.value, verdict.n) == ("supported", 1.0, 20)
    assert "one-100/T=30 (20/40)" in verdict.because["en"]


@pytest.mark.parametrize(("perfect", "word"), [(20, "supported"), (21, "not-tested")])
def test_with_fewer_than_half_of_the_seeds_a_condition_is_not_tested(perfect: int, word: str) -> None:
    evidence, here = put(made(), "score", 1.0, "LSTM"), pl.col("source") == "one-100"
    verdict = judged(put(evidence, "score", 1.0, "RNN", here, pl.col("seed") <= perfect))
    row = deciding(verdict)["one-100/T=30"]
    assert (row.verdict, row.reason == "ceiling") == (word, word == "not-tested")


def test_perfect_scores_everywhere_are_no_test_of_generalisation() -> None:
    verdict = judged(put(put(made(), "score", 1.0, "LSTM"), "score", 1.0, "RNN"))
    assert (verdict.verdict, verdict.n) == ("not-tested", 0)
    assert "both were perfect" in verdict.because["en"]


def test_a_task_has_an_answer_by_two_of_its_sizes() -> None:
    evidence = put(made(), "score", 0.6, "LSTM")
    assert judged(evidence).verdict == "supported"
    one_size = put(evidence, "training_score", 0.5, "RNN", pl.col("source") == "one-100")
    assert judged(one_size).verdict == "inconclusive"
    assert "one (inconclusive)" in judged(one_size).because["en"]


@pytest.mark.parametrize(("families", "reason"), [("R", "unfit_rnn"), ("L", "unfit_lstm"), ("RL", "unfit_both")])
def test_a_condition_without_such_a_seed_says_whose_optimisation_failed(families: str, reason: str) -> None:
    evidence, here = put(made(), "score", 0.6, "LSTM"), pl.col("source").str.starts_with("one")
    for family in families:
        evidence = put(evidence, "training_score", 0.5, {"R": "RNN", "L": "LSTM"}[family], here)
    verdict = judged(evidence)
    row = deciding(verdict)["one-100/T=30"]
    assert (row.verdict, row.reason, row.n) == ("not-tested", reason, 0)
    assert verdict.verdict == "inconclusive"  # two tasks are left


def test_nothing_fitted_anywhere() -> None:
    verdict = judged(put(made(), "training_score", 0.5, "RNN"))
    assert verdict.verdict == "not-tested"
    assert "optimisation failed" in verdict.because["en"]


def test_an_open_row_asks_for_its_own_trainings_and_for_so_many_that_enough_of_them_fit() -> None:
    some = put(made(seeds=6), "score", 0.6, "LSTM")
    whole, half = (deciding(judged(e))["one-100/T=30"] for e in (some, put(some, "training_score", 0.0, "RNN",
                                                                           pl.col("seed") <= 3)))  # fmt: skip
    assert (whole.verdict, half.verdict, half.n) == ("inconclusive", "inconclusive", 3)
    assert whole.seeds_needed is not None and half.seeds_needed == 2 * whole.seeds_needed
    assert {condition for condition, _ in half.rests_on} == {half.condition}


def test_the_gap_is_shown_by_size_and_decides_nothing() -> None:
    gaps = {row.where: row for row in judged(put(made(), "score", 0.8, "LSTM")).rows if row.effect.name == "gap"}
    assert len(gaps) == len(TASKS) * len(SIZES) * len(SPECS)
    row = gaps["one-100/T=30: lstm"]
    assert row.effect.value == pytest.approx(0.2) and not row.decides and row.verdict == "not-tested"
    assert (row.details["training"], row.details["test"], row.details["fit"]) == (1.0, pytest.approx(0.8), 40)


def test_endless_tasks_show_who_trains_faster_and_are_not_judged() -> None:
    verdict = judged(made(endless=("adding",)))
    assert "adding/T=30" not in deciding(verdict)
    apart = [row for row in verdict.rows if row.details.get("question") == "optimisation"]
    assert [row.where for row in apart] == ["adding: LSTM vs RNN"]
    alone = planted(Path("nowhere"), specs=SPECS, write_curves=False, with_profiles=False)
    assert Generalisation().why_not(alone.plan) == "endless"


def test_the_sets_of_the_standard_budget_are_three_tasks_at_three_sizes() -> None:
    plan = make_plan(ComparisonRequest(budget="standard", claims=("generalisation",))).plan
    sets = {s.name: s for s in plan.sources if isinstance(s, TaskSource) and s.sequences is not None}
    sizes: dict[str, list[int]] = {}
    for name in sets.keys() - WIDTHS:
        sizes.setdefault(sets[name].built_in, []).append(sets[name].sequences or 0)
    assert len(sizes) == 3
    assert all(3 <= b / a <= 5 for each in sizes.values() for a, b in zip(sorted(each), sorted(each)[1:], strict=False))
    assert Generalisation().comparisons(plan) == 9
    for name in WIDTHS:
        made_of = sets[f"{sets[name].task}-{sets[name].sequences}"]
        assert plan.contenders[name][0].parameters != plan.contenders[made_of.name][0].parameters
    for name, source in sets.items():
        batch = built_in(source, 30).of_seed(100).held_out("training")
        assert batch.x.shape[1] == source.sequences
        assert plan.training_of(name).steps == plan.training.steps // 2


def test_the_quick_budget_leaves_it_to_the_standard_one() -> None:
    plan = make_plan(ComparisonRequest()).plan
    assert Generalisation().why_not(plan) == "no_source"
    assert all("quick" not in each.budgets for each in REQUIREMENT.tasks)


@pytest.mark.slow
def test_a_run_trains_on_sets_of_fixed_size_and_reports_the_gap(tmp_path: Path) -> None:
    """Sets come by the trial's seed into training and record; the verdict, its rows and the report are written."""
    asked = ComparisonRequest(
        budget="standard", claims=("generalisation",), contenders="rnn,lstm:chrono", lengths=(10,)
    )
    plan = shortened(make_plan(asked).plan, 60)
    sets = tuple(s for s in plan.sources if isinstance(s, TaskSource) and s.sequences in (4, 8))
    contenders = {s.name: plan.contenders[s.name] for s in sets}
    plan = plan.model_copy(update={"sources": sets, "contenders": contenders, "training_by_source": {}})
    folder = trained(plan, tmp_path / "run")
    evidence = load_evidence(folder.path)
    reporting = evidence.trials.filter(phase="reporting")
    assert set(reporting["steps"]) == {60} and set(reporting["outcome"]) == {"finished"}
    assert reporting["training_score_last"].is_between(0, 1).all()
    assert reporting["solved"].is_null().all() and reporting["score_2t"].is_null().all()
    verdict = finalise(evidence).verdicts["generalisation"]
    gaps = [row for row in verdict.rows if row.effect.name == "gap"]
    assert [row.n for row in gaps] == [2] * 2 * len(sets)
    assert verdict.verdict in {"inconclusive", "not-tested"}
    assert "delayed-recall-8/T=10" in (folder.path / "report.html").read_text(encoding="utf-8")
