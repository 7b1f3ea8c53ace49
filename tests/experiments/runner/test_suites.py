"""What is run when no source is named, and what `--claims` leaves of it."""

from __future__ import annotations

import pytest

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.claims import ids
from carousel.experiments.claims.registry import all_claims
from carousel.experiments.contenders.matching import TOLERANCE
from carousel.experiments.finalise import finalise
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.run import expected_jobs
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import InitialFlow, OnsetProbe
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened, trained


def test_a_requirement_names_its_claim():
    assert tuple(claim.requirement.claim for claim in all_claims()) == ids()


@pytest.mark.parametrize("budget", ["standard", "full"])
def test_every_claim_has_a_task_and_contenders_of_one_size(budget):
    plan = make_plan(ComparisonRequest(budget=budget)).plan
    for claim in ids():
        assert plan.only_for(claim).sources, claim
    for made in plan.contenders.values():
        sizes = [c.parameters for c in made]
        assert max(sizes) <= (1 + TOLERANCE) * min(sizes)
    assert plan.fewest_rates >= 5  # what the rule of `attention` asks for


def test_a_claim_brings_its_tasks_alone_and_no_probe_of_another():
    plan = make_plan(ComparisonRequest(claims=("gates",))).plan
    assert [s.name for s in plan.sources] == ["random-recall"]
    assert {c.key for c in plan.conditions()} == {"random-recall/T=30"}
    assert not [job for _, job in first_jobs(plan) if isinstance(job, InitialFlow | OnsetProbe)]
    assert plan.count_trials() == 4 * (2 * 3 + 6)
    assert expected_jobs(plan) == plan.count_trials()


def test_claims_and_lengths_of_a_source_do_not_touch_the_others():
    plan = make_plan(ComparisonRequest(budget="standard")).plan
    assert plan.lengths_of("delayed-recall") == plan.lengths == (10, 30, 100)
    assert plan.lengths_of("mqar") == (30,)
    assert [s.name for s in plan.only_for("vanishing").sources] == ["delayed-recall", "adding"]
    assert plan.count_groups() == sum(len(plan.contenders[c.source]) for c in plan.conditions())


def test_lengths_that_are_typed_hold_for_all():
    assert {c.length for c in make_plan(ComparisonRequest(claims=("gates",), lengths=(12,))).plan.conditions()} == {12}


def test_named_sources_are_asked_for_every_claim_that_is_wanted():
    plan = make_plan(ComparisonRequest(("adding",), claims=("length",))).plan
    assert plan.asks("length", "adding")
    assert not plan.asks("vanishing", "adding")


def test_a_training_set_that_ends_takes_half_the_steps_and_no_other_source_does():
    plan = make_plan(ComparisonRequest(budget="standard")).plan
    steps = {s.name: plan.training_of(s.name).steps for s in plan.sources}
    fixed = {s.name for s in plan.sources if s.sequences is not None}
    assert len(fixed) >= 9
    assert {name for name, n in steps.items() if n == plan.training.steps // 2} == fixed
    assert {name for name, n in steps.items() if n == plan.training.steps} == set(steps) - fixed


@pytest.mark.parametrize("budget", ["standard", "full"])
def test_capacity_is_measured_at_three_depths_of_one_size(budget):
    plan = make_plan(ComparisonRequest(budget=budget, claims=("stacking",))).plan
    assert "random-labels" in {s.name for s in plan.sources}
    assert {c.layers: c.parameters for c in plan.contenders["random-labels"]} == {1: 1124, 2: 1124, 4: 1124}
    trials = [job for _, job in first_jobs(plan)]
    table = [t.training for t in trials if t.source.name == "random-labels"]
    assert set(table) == {plan.training.model_copy(update={"batch_size": 512})}
    assert {t.training for t in trials if t.source.name != "random-labels"} == {plan.training}


def test_a_table_to_be_learned_by_heart_speaks_of_depth_alone():
    plan = make_plan(
        ComparisonRequest(("random-labels", "adding"), lengths=(5,), parameters=1124, contenders="lstm")
    ).plan
    assert [s.name for s in plan.only_for("generalisation").sources] == ["adding"]
    assert plan.training_of("adding") == plan.training != plan.training_of("random-labels")


def test_mistakes():
    with pytest.raises(UnknownName, match=r"unknown claim 'gats'.*did you mean 'gates'"):
        make_plan(ComparisonRequest(claims=("gats",)))
    with pytest.raises(BadPlan, match=r"quick budget has no measurement for the claim 'attention'.*--budget standard"):
        make_plan(ComparisonRequest(claims=("attention",)))
    with pytest.raises(UnknownName, match="unknown claim"):
        make_plan(ComparisonRequest(("adding",), claims=("memory",)))


@pytest.mark.slow
def test_a_run_for_one_claim_judges_that_one(tmp_path):
    """The probe's numbers come into the evidence, the plan out of its file as it was, and the report is written."""
    plan = shortened(
        make_plan(ComparisonRequest(claims=("gates",), contenders="rnn:orthogonal,lstm:chrono", lengths=(6,))).plan, 100
    )
    plan = plan.model_copy(update={"learning_rates": (0.01,)})
    folder = trained(plan, tmp_path / "run")
    trials = load_evidence(folder.path).trials.filter(phase="reporting")
    lstm = trials.filter(family="LSTM")
    assert lstm["clamp_drop_f"].is_not_null().all()
    assert lstm["auroc_i"].is_between(0, 1).all()
    assert trials["selectivity_key_bits"].is_between(0, 3.2).all()
    assert trials.filter(family="RNN")["clamp_drop_f"].is_null().all()
    verdicts = finalise(load_evidence(folder.path)).verdicts
    assert set(verdicts) == set(ids())
    for claim in set(ids()) - {"gates"}:
        assert verdicts[claim].verdict == "not-tested"
        assert f"--claims {claim}" in verdicts[claim].because["en"]
    assert "--claims" not in verdicts["gates"].because["en"]
