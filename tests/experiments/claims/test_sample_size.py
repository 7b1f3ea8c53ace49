"""The fewest seeds a claim asks for, told before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from carousel.experiments.claims import Claim, all_claims, ids
from carousel.experiments.claims.length.claim import Length
from carousel.experiments.decision.sample_size import least_seeds, too_few
from carousel.experiments.runner.folder import RunFolder
from tests.support.forked import forked
from tests.support.plans import ComparisonRequest, make_plan


@pytest.mark.parametrize("claim", all_claims(), ids=ids())
@pytest.mark.parametrize("file", [False, True])
def test_a_smaller_error_never_asks_for_fewer(claim: Claim, file: bool) -> None:
    needed = [least_seeds(claim, alpha, file=file) for alpha in (0.2, 0.05, 0.05 / 3, 0.05 / 21)]
    assert needed == sorted(needed) and needed[0] >= 2


def test_length_on_tasks_asks_for_five() -> None:
    """The exact upper limit of a rate of 0 is 1 - (alpha / 6) ** (1 / n); both ends enter, as Newcombe joins them."""
    assert least_seeds(Length(), 0.05, file=False) == 5
    assert least_seeds(Length(), 0.05, file=True) == 2


def test_three_seeds_cannot_decide_every_claim_and_every_budget_can_decide_all() -> None:
    quick = make_plan(ComparisonRequest()).plan
    assert not too_few(all_claims(), quick)
    few = quick.model_copy(update={"reporting_seeds": quick.reporting_seeds[:3], "interim_analyses": ()})
    assert set(too_few(all_claims(), few)) == {"length"}
    assert not too_few(all_claims(), make_plan(ComparisonRequest(budget="standard")).plan)
    assert not too_few(all_claims(), make_plan(ComparisonRequest(claims=("gates",))).plan)


def test_it_is_announced_before_training(tmp_path: Path) -> None:
    plan = make_plan(ComparisonRequest(claims=("length",))).plan
    few = {"reporting_seeds": plan.reporting_seeds[:3], "interim_analyses": ()}
    RunFolder(tmp_path).claim_for(plan.model_copy(update=few))
    said = forked("compare", "--plan", str(tmp_path), "--dry-run")
    assert said.returncode == 0
    assert "can decide: length (5)" in said.stdout + said.stderr
    assert "no verdict at all" in said.stdout + said.stderr
