"""Claims 6 and 7 on a user's file: depth judged by the score, attention shown and never judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.judgement import judge
from carousel.experiments.results.evidence import Evidence
from tests.support.effects import Effects
from tests.support.evidence import planted

BASELINE = 0.1
SCORES = {"rnn": 0.8, "lstm": 0.8, "lstm:chrono": 0.7, "gru": 0.8, "transformer": 0.6}
ONE, TWO = "lstm", "lstm:chrono"  # the second is made to stand for two layers


def run(folder: Path, scores: dict[str, float], seeds: int = 10, varied: bool = False, deep: bool = True) -> Evidence:
    """A simulated run on a file; `lstm:chrono` becomes an LSTM of two layers, `lstm,layers=2`."""
    effects = Effects(scores=SCORES | scores, baseline=BASELINE, score_spread=0.004)
    specs = tuple(SCORES) if "transformer" in scores or not scores else ("rnn", ONE, TWO, "gru")
    made = planted(folder, seeds=seeds, source_kind="file", specs=specs, effects=effects, write_curves=False)
    assert made.card is not None
    if varied:
        made = replace(made, card=made.card | {"split": made.card["split"] | {"varied": "sequences", "splits": seeds}})
    return _deepened(made) if deep else made


def _deepened(evidence: Evidence) -> Evidence:
    deep = {"spec": "lstm,layers=2", "init": "default", "layers": 2}
    contenders = {
        name: tuple(c.model_copy(update=deep) if c.spec == TWO else c for c in made)
        for name, made in evidence.plan.contenders.items()
    }
    spec = pl.when(pl.col("contender") == TWO).then(pl.lit(deep["spec"])).otherwise(pl.col("contender"))
    trials = evidence.trials.with_columns(contender=spec)
    return replace(evidence, plan=evidence.plan.model_copy(update={"contenders": contenders}), trials=trials)


def claim(evidence: Evidence, name: str) -> dict[str, Any]:
    """One entry of verdicts.json."""
    return next(c for c in judge(evidence).as_json()["claims"] if c["id"] == name)


@pytest.mark.parametrize(
    ("gain", "verdict", "reason"),
    [(0.2, "supported", "beyond"), (0.0, "refuted", "less"), (-0.2, "refuted", "opposite")],
)
def test_depth_is_judged_by_the_score_against_a_share_of_the_room(
    tmp_path: Path, gain: float, verdict: str, reason: str
) -> None:
    evidence = run(tmp_path, {TWO: SCORES[ONE] + gain})
    found = claim(evidence, "stacking")
    (row, *declared) = found["conditions"]
    assert (found["verdict"], row["reason"]) == (verdict, reason)
    room = max(SCORES[ONE], SCORES[ONE] + gain) - BASELINE
    assert row["margin"] == pytest.approx(THRESHOLDS.history_share * room, abs=0.001)
    assert row["where"] == "utterances: lstm,layers=2 vs lstm" and not any(r["decides"] for r in declared)
    assert "This speaks of utterances only" in found["because"]["en"] and "utterances" in found["because"]["zh"]
    assert found["effect"]["unit"] == "score" and found["evidence"]


def test_the_gain_is_paired_and_its_interval_widened_for_overlap(tmp_path: Path) -> None:
    evidence = run(tmp_path, {TWO: 0.85}, varied=True)
    reporting = evidence.trials.filter(phase="reporting", length=0).sort("seed")
    many, few = (reporting.filter(contender=spec)["score"].to_numpy() for spec in ("lstm,layers=2", ONE))
    found = claim(evidence, "stacking")
    assert found["effect"]["value"] == pytest.approx(np.mean(many - few))
    assert found["effect"]["ci95"] == pytest.approx(list(mean_interval((many - few).tolist(), 0.05, 54 / 162)))
    assert "Nadeau" in found["because"]["en"]


def test_without_depths_or_room_nothing_is_judged(tmp_path: Path) -> None:
    flat = claim(run(tmp_path, {}, deep=False), "stacking")
    assert flat["verdict"] == "not-tested" and "--claims stacking" in flat["because"]["en"]
    nothing = claim(run(tmp_path, dict.fromkeys(SCORES, 0.05)), "stacking")
    assert nothing["verdict"] == "not-tested" and "beats the baseline" in nothing["because"]["en"]


@pytest.mark.parametrize("score", [0.95, 0.3])
def test_attention_is_shown_with_its_gap_and_never_judged(tmp_path: Path, score: float) -> None:
    evidence = run(tmp_path, {"transformer": score}, varied=True)
    found = claim(evidence, "attention")
    assert found["verdict"] == "not-tested"
    assert found["effect"]["value"] == pytest.approx(score - 0.8, abs=0.01)
    low, high = found["effect"]["ci95"]
    assert low < found["effect"]["value"] < high
    (row,) = found["conditions"]
    assert row["verdict"] == "not-tested" and not row["decides"] and row["n"] == 10
    assert "no such mirror set" in found["because"]["en"] and "对照" in found["because"]["zh"]
    assert "3 learning rates" in found["because"]["en"]  # as many as this run tuned


def test_a_file_without_a_transformer_says_how_to_ask(tmp_path: Path) -> None:
    found = claim(run(tmp_path, {TWO: 0.8}), "attention")
    assert found["verdict"] == "not-tested" and "--claims attention" in found["because"]["en"]
