"""The calibration itself: it catches a rule that is too bold and one that is deaf, and the stored one is of today."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from carousel.experiments.calibration.gradients import Slopes
from carousel.experiments.calibration.measure import Calibration, Question, smallest_found
from carousel.experiments.calibration.results import false_at_limits, false_if_same, power, rule_digest
from carousel.experiments.calibration.scenario import Scenario
from carousel.experiments.calibration.scenarios import SCENARIOS
from carousel.experiments.calibration.stored import sentence, stored
from carousel.experiments.claims.base import Claim, PairClaim
from carousel.experiments.claims.registry import all_claims
from carousel.experiments.claims.vanishing.claim import Vanishing
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.statistics.rates import clopper_pearson, clustered
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import DECISIVE, Verdict

FEW = Calibration(repetitions=40, seed=1)


class _At(PairClaim):
    """Claim 1's rule at an error of its own, whatever is asked."""

    id: ClassVar[str] = "vanishing"

    def __init__(self, alpha: float):
        self.alpha = alpha

    def judge(self, results: Results, alpha: float) -> Verdict:
        return Vanishing().judge(results, self.alpha)


def _with(claim: Claim) -> Scenario:
    scenario = Slopes()
    scenario.claim = claim
    scenario.sizes, scenario.few_seeds = (0.2,), ()
    return scenario


def test_a_rule_that_is_too_bold_is_caught() -> None:
    found = FEW.of(_with(_At(0.8)))
    assert false_if_same(found)["ci95"][0] > 0.08
    assert false_at_limits(found)["ci95"][0] > 0.08


def test_a_rule_that_is_deaf_is_caught() -> None:
    found = FEW.of(_with(_At(1e-9)))
    assert power(found)["rate"] == 0.0
    assert found["power"]["smallest"]["alone"] is None


def test_the_rule_as_it_is_passes() -> None:
    found = FEW.of(_with(Vanishing()))
    assert false_if_same(found)["ci95"][0] < 0.05
    assert power(found)["rate"] >= 0.8


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "generalisation" else []) for name in SCENARIOS]
)
def test_every_scenario_runs_and_the_seed_names_its_numbers(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.sensible in scenario.sizes
    once, again = (Calibration(4, 0).of(scenario) for _ in range(2))
    assert once == again == json.loads(json.dumps(once))
    assert {"same", "limits", "power"} <= once.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_every_scenario_plants_is_found(name: str) -> None:
    """Simulated evidence that its rule cannot read would be right about nothing, and never false."""
    scenario = SCENARIOS[name]
    asked = Question.of(scenario, "power", scenario.planted(scenario.sensible))
    (found,) = Calibration(5, 0).outcomes(scenario, asked, [THRESHOLDS.alpha], 5)
    assert found["supported"] > 0, found


def test_every_claim_has_a_scenario() -> None:
    assert {scenario.claim.id for scenario in SCENARIOS.values()} == {claim.id for claim in all_claims()}


def test_the_smallest_size_is_the_one_from_which_all_are_found() -> None:
    rates = {0.1: 0.9, 0.2: 0.7, 0.3: 0.8, 0.4: 1.0}
    assert smallest_found([{"size": s, "found": {"rate": r}} for s, r in rates.items()]) == 0.3
    assert smallest_found([{"size": 1.0, "found": {"rate": 0.5}}]) is None


def test_the_stored_calibration_is_of_these_thresholds() -> None:
    """A changed margin asks for its rule anew: carousel calibrate --out PATH, the path of stored.json."""
    kept = {name: rule["thresholds"] for name, rule in stored()["rules"].items()}
    assert kept == {name: rule_digest(scenario) for name, scenario in SCENARIOS.items()}


def test_a_margin_or_an_analysis_more_is_another_calibration_of_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: rule_digest(scenario) for name, scenario in SCENARIOS.items()}
    monkeypatch.setattr(Vanishing, "margins", replace(Vanishing.margins, slope_margin=0.06))
    monkeypatch.setattr(type(SCENARIOS["attention"]), "planned", (10, 40))
    changed = {name for name, scenario in SCENARIOS.items() if rule_digest(scenario) != before[name]}
    assert changed == {"vanishing", "attention"}


def test_the_stored_calibration_is_good_enough() -> None:
    for name, rule in stored()["rules"].items():
        shares = [s for s in (false_if_same(rule), false_at_limits(rule)) if s]
        assert all(share["ci95"][1] <= 0.08 for share in shares), name
        assert all(share["n"] >= 1000 for share in shares), name
        if name != "length.tasks":  # cannot be supported at 10 seeds by any rule (docs/claims.md)
            assert power(rule)["rate"] >= 0.8, name
    assert all(oracle["met"] for oracle in stored()["oracles"])


def test_what_a_report_says_of_it_is_the_same_in_both_languages() -> None:
    said = sentence()
    assert stored()["date"] in said["en"] and stored()["date"] in said["zh"]
    assert "length.tasks" in said["en"] and "length.tasks" in said["zh"]
    assert "gates.clamping" in said["zh"]


def test_bursts_widen_an_interval_and_singles_do_not() -> None:
    singles = [(1.0, 1000)] * 20
    assert clustered(singles, 0.05) == clopper_pearson(20, 20_000, 0.05)
    burst = clustered([(20.0, 1000), *[(0.0, 1000)] * 19], 0.05)
    assert burst.low < 1e-4 and burst.high > 0.003
    none = clustered([(0.0, 1000)] * 20, 0.05, least=8.0)
    assert none.high == pytest.approx(clopper_pearson(0, 2500, 0.05).high)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_says_how_many_pairs_an_answer_may_wait_for(name: str) -> None:
    """Where its claim can be supported or refuted at all, as that of a part alone cannot."""
    scenario = SCENARIOS[name]
    seeds, truth = scenario.interim_analyses[-1], scenario.planted(scenario.sensible)
    verdict = scenario.claim.judge(Results(scenario.made(np.random.default_rng(0), seeds, truth)), 0.05)
    pairs = [row for row in verdict.rows if row.decides and row.best and row.rests_on]
    waits = verdict.verdict in DECISIVE and not scenario.claim.one_row_supports
    assert scenario.pairs == (len(pairs) if waits and pairs else 1)
