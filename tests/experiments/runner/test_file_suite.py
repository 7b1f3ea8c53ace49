"""Which networks a run on a file gets for which claims, and what is said of the claims it cannot ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from carousel.common.errors import BadPlan
from carousel.experiments.claims import all_claims
from carousel.experiments.data import DataOptions
from carousel.experiments.runner.plan import Plan
from tests.experiments.runner.test_file_splits import table
from tests.support.forked import forked
from tests.support.plans import ComparisonRequest, make_plan

OPTIONS = DataOptions(target="label", group="id", order="t")
ROLES = ("--target", "label", "--group", "id", "--order", "t")


def plan(folder: Path, *claims: str, **about: object) -> Plan:
    """The plan for the small table."""
    return make_plan(ComparisonRequest((str(table(folder)),), claims=claims, data=OPTIONS, **about)).plan  # type: ignore[arg-type]


def unable(made: Plan) -> list[str]:
    """The claims asked for that the plan has no networks for."""
    return [claim.id for claim in all_claims() if made.asks(claim.id) and claim.why_not(made)]


def test_a_run_without_claims_named_trains_no_depths_and_no_transformer(tmp_path: Path) -> None:
    for budget in ("quick", "standard"):
        found = plan(tmp_path, budget=budget)
        assert unable(found) == ["stacking", "attention"]
        assert found.parameters == 6600 and len(found.lengths) == 3


def test_a_claim_brings_the_networks_it_needs_on_whole_sequences(tmp_path: Path) -> None:
    depths, attention = plan(tmp_path, "stacking"), plan(tmp_path, "attention")
    assert depths.specs == [f"lstm:forget-bias-1{layers}" for layers in ("", ",layers=2", ",layers=4")]
    assert "transformer" in attention.specs and len(attention.specs) == 4
    assert depths.lengths == attention.lengths == (0,)
    assert unable(depths) == unable(attention) == []
    assert set(plan(tmp_path, "stacking", "attention").specs) == {*depths.specs, *attention.specs}
    assert set(plan(tmp_path, "length", "stacking").specs) > {"rnn", *depths.specs}


def test_depths_are_equal_in_parameters_and_what_that_takes_is_in_the_plan(tmp_path: Path) -> None:
    found = plan(tmp_path, "stacking")
    counts = [c.parameters for c in found.contenders["table"]]
    assert max(counts) <= 1.02 * min(counts)
    assert found.parameters >= 6600 and max(counts) == pytest.approx(found.parameters, rel=0.05)


def test_contenders_that_were_typed_are_never_resized(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="equal parameters within 2%"):
        plan(tmp_path, contenders="lstm:forget-bias-1,lstm:forget-bias-1,layers=4", parameters=700)


def test_a_forced_kernel_refuses_the_transformer_of_a_claim(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="cannot run contender 'transformer'"):
        plan(tmp_path, "attention", kernel="torch")


@pytest.mark.parametrize(("lang", "words"), [("en", "Not asked of this file"), ("zh", "未对此文件检验")])
def test_the_command_says_which_of_the_seven_it_does_not_ask(tmp_path: Path, lang: str, words: str) -> None:
    path = str(table(tmp_path))
    said = forked("compare", path, *ROLES, "--dry-run", "--lang", lang, "--contenders", "rnn,lstm").stdout
    assert words in said and "--claims stacking,attention" in said
