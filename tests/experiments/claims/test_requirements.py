"""Which claims a plan can answer: the tables behind it hold for the tasks as they are, and users are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from carousel.common.names import KEYED
from carousel.experiments.calibration.simulated import run
from carousel.experiments.claims import all_claims
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.results import Results
from carousel.experiments.probes.gates import measure_gates
from carousel.experiments.tasks import TASKS, task
from carousel.experiments.training.description import Contender
from carousel.experiments.training.trial import build_contender
from tests.support.forked import forked
from tests.support.plans import ComparisonRequest, make_plan


def _why(*sources: str, **request: object) -> dict[str, str | None]:
    plan = make_plan(ComparisonRequest(sources, **request)).plan  # type: ignore[arg-type]
    return {claim.id: claim.why_not(plan) for claim in all_claims()}


def test_the_standard_suite_can_answer_all_seven() -> None:
    assert set(_why(budget="standard").values()) == {None}


def test_the_quick_suite_lacks_fixed_training_sets_depth_and_attention() -> None:
    assert {claim for claim, why in _why().items() if why} == {"generalisation", "stacking", "attention"}


def test_contenders_of_ones_own_leave_the_claims_that_they_cannot_answer() -> None:
    found = _why(budget="standard", contenders="rnn,lstm")
    assert {claim: why for claim, why in found.items() if why} == {"stacking": "stacking", "attention": "attention"}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_the_tasks_with_a_gate_probe_are_those_that_it_measures(name: str) -> None:
    made = task(name, 12 if name != "random-labels" else 4)
    contender = Contender(spec="lstm", cell="lstm", init="default", layers=1, hidden=4, parameters=1)
    network = build_contender(contender, made, 0, "auto")
    assert isinstance(network, RecurrentNetwork) and torch.get_default_dtype() == torch.float32
    assert bool(measure_gates(network, made, 0)) == (name in KEYED)


def test_what_cannot_be_answered_is_not_tested_and_says_why() -> None:
    """No rows at all, yet the verdicts say what the plan lacks, not that trainings are missing."""
    said = {v.claim: v for v in holm(all_claims(), Results(run(["rnn", "gru"], ["adding"], [30])), 0.05)}
    assert {v.verdict for v in said.values()} == {"not-tested"}
    assert all(
        "both an RNN and an LSTM" in said[c].because["en"] for c in ("vanishing", "length", "gates", "generalisation")
    )


@pytest.mark.slow
def test_claims_that_were_named_and_cannot_be_answered_are_told_before_training(tmp_path: Path) -> None:
    said = forked("compare", "adding", "--claims", "gates,vanishing", "--dry-run", cwd=tmp_path).stdout
    assert "This run cannot answer gates: No source of the run has the gate probe" in said
    assert "no verdict at all" not in said
    alone = forked("compare", "adding", "--contenders", "rnn,gru", "--dry-run", cwd=tmp_path).stdout
    assert "This run cannot answer vanishing, exploding, length" in alone and "no verdict at all" in alone


@pytest.mark.slow
def test_one_condition_is_told_to_decide_nothing_general(tmp_path: Path) -> None:
    asked = ("compare", "parity", "--contenders", "lstm,lstm,layers=2", "--claims", "stacking", "--dry-run")
    single = forked(*asked, "--lengths", "30", cwd=tmp_path).stdout
    assert "under one condition only" in single and "no verdict at all" in single
    several = forked(*asked, cwd=tmp_path).stdout
    assert "under one condition only" not in several and "no verdict at all" not in several


@pytest.mark.slow
def test_endless_tasks_alone_are_told_to_say_nothing_about_generalisation(tmp_path: Path) -> None:
    said = forked("compare", "adding", "--dry-run", cwd=tmp_path).stdout
    assert re.search(r"cannot answer .*generalisation", said)
    refused = forked("compare", "adding", "--claims", "generalisation", "--dry-run", cwd=tmp_path)
    assert refused.returncode == 2
    assert "draw new training sequences for ever" in refused.stderr and "leave --claims out" in refused.stderr
