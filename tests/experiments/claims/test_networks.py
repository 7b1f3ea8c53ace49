"""How many seeds an open row asks for: by what is open, on the side that decides, in seeds and not in networks."""

from __future__ import annotations

import pytest

from carousel.experiments.calibration.simulated import trial
from carousel.experiments.claims.gates.clamping import clamping_rows
from carousel.experiments.claims.gates.networks import Side, seeds_needed
from carousel.experiments.claims.gates.selectivity import selectivity_row
from carousel.experiments.claims.length import rule_on_tasks
from carousel.experiments.claims.length.rule_on_tasks import Ends, Rate
from carousel.experiments.columns import SELECTIVITY, SELECTIVITY_CLAMPED
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.statistics.power import seeds_for_mean
from carousel.experiments.tables import TrialRow
from tests.support.evidence import as_row

JITTER = (-0.02, -0.01, 0.0, 0.01, 0.02) * 2


def _around(mean: float, spread: float = 1.0) -> list[float]:
    return [mean + spread * jitter for jitter in JITTER]


def _lstm(lost: float, failed: int = 0) -> list[TrialRow]:
    """Ten that solved the task and lose so much selectivity with their gates clamped; others that failed."""
    rows = [
        trial("random-recall/T=30", "lstm", seed, solved=True)
        | {SELECTIVITY: 0.8, SELECTIVITY_CLAMPED: 0.8 - loss}
        for seed, loss in enumerate(_around(lost, 6))
    ]  # fmt: skip
    rows += [trial("random-recall/T=30", "lstm", 10 + k, solved=False) for k in range(failed)]
    return [as_row(row) for row in rows]


@pytest.mark.parametrize("lost", [0.17, 0.24])
def test_networks_that_fail_cost_seeds_too(lost: float) -> None:
    all_solve, half_do = (clamping_rows(_lstm(lost, failed), "x", 0.05)[0] for failed in (0, 10))
    assert all_solve.verdict == half_do.verdict == "inconclusive"
    assert all_solve.seeds_needed is not None and half_do.seeds_needed == 2 * all_solve.seeds_needed


def test_one_side_against_is_enough_and_the_nearer_one_is_not_waited_for() -> None:
    """The LSTM's mean lies on its limit: as a support it would never come; the RNN's side refutes alone."""
    rnn = [as_row(trial("x/T=30", "rnn", s, solved=True) | {SELECTIVITY: v}) for s, v in enumerate(_around(0.14, 4))]
    lstm = [
        as_row(trial("x/T=30", "lstm", s, solved=True) | {SELECTIVITY: v}) for s, v in enumerate(_around(0.5001, 4))
    ]
    row = selectivity_row(rnn, lstm, "x", 0.05)
    assert row.verdict == "inconclusive"
    assert row.seeds_needed == seeds_for_mean(_around(0.14, 4), 0.04, 0.025)


def test_support_waits_for_both_sides() -> None:
    near, far = Side(_around(0.21), 0.2, True, 1.0), Side(_around(0.9), 0.8, True, 1.0)
    assert seeds_needed((near, far), 0.05) == near.seeds(0.05) is not None
    assert seeds_needed((Side(_around(0.2, 0.0), 0.2, True, 1.0), far), 0.05) is None  # on the limit itself


def test_length_asks_for_no_seeds_to_show_that_there_is_nothing_to_fall_from() -> None:
    ends = Ends(Rate(3, 10), Rate(0, 10), Rate(10, 10), Rate(10, 10))
    alpha = 0.05 / 28
    assert rule_on_tasks.answer(ends, alpha).verdict == "inconclusive"
    needed = rule_on_tasks.seeds_needed(ends, alpha)
    assert needed is None or rule_on_tasks.answer(ends.grown(needed), alpha).verdict in ("supported", "refuted")


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.05 / 28])
def test_equal_values_ask_for_as_many_pairs_as_a_sign_flip_test(alpha: float) -> None:
    needed = seeds_for_mean([0.3] * 3, 0.1, alpha)
    assert needed is not None
    assert mean_interval([0.3] * needed, alpha).above(0.2) and not mean_interval([0.3] * (needed - 1), alpha).above(0.2)
