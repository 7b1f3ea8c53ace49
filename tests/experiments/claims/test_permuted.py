"""Real trainings with swapped labels: nothing is left between two contenders, and no rule finds anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from carousel.experiments.calibration.permuted import false_verdicts, measure, permute
from carousel.experiments.calibration.scenario import PREFERENCE, outcome
from carousel.experiments.claims import all_claims
from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.results import Results
from carousel.experiments.results.evidence import Evidence
from tests.support.effects import Effects
from tests.support.evidence import planted

SEEDS = 10


def _run(**options: Any) -> Evidence:
    """An RNN and an LSTM that could not be more different."""
    solved = {("rnn", n): float(n == 30) for n in (30, 100)} | {("lstm", n): 1.0 for n in (30, 100)}
    effects = Effects(slopes={"rnn": -0.5, "lstm": -0.01}, solved=solved)
    made = {"specs": ("rnn", "lstm"), "effects": effects, "seeds": SEEDS} | options
    return planted(Path("nowhere"), write_curves=False, with_profiles=False, **made)


def _claim(name: str) -> Claim:
    return next(claim for claim in all_claims() if claim.id == name)


@pytest.mark.parametrize("name", ["vanishing", "exploding", "length"])
def test_a_difference_that_was_there_is_gone(name: str) -> None:
    found = false_verdicts(_claim(name), _run(), 60, 0)
    assert found["n"] == 60
    assert found["rate"] <= 0.1


def test_without_the_swapping_the_same_rule_finds_it() -> None:
    claim = _claim("vanishing")
    assert outcome(claim.judge(Results(_run()), 0.05)) in PREFERENCE


def test_a_seed_is_swapped_whole_and_nothing_is_lost() -> None:
    evidence = _run()
    permuted = permute(evidence, _claim("length"), np.random.default_rng(3))
    keys = ["trial", "phase", "condition", "seed"]
    joined = evidence.trials.join(permuted.trials, on=keys, suffix="_new")
    assert len(joined) == len(evidence.trials) == len(permuted.trials)
    moved = joined.with_columns(moved=pl.col("contender") != pl.col("contender_new"))
    reported = moved.filter(phase="reporting").group_by("seed")
    by_seed = reported.agg(pl.col("moved").n_unique().alias("kinds"), pl.col("moved").any())
    assert set(by_seed["kinds"]) == {1}
    assert 0 < by_seed["moved"].sum() < SEEDS
    assert not moved.filter(phase="tuning")["moved"].any()


def test_every_claim_that_the_run_can_answer_is_asked() -> None:
    evidence = _run()
    able = {claim.id for claim in all_claims() if claim.why_not(evidence.plan) is None}
    assert set(measure(evidence, 4, 0)) == able >= {"vanishing", "exploding", "length"}
