"""The advice follows its rule: best by solved-rate and validation, cheapest of the tied, never below the baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.ranking import difference_of, ranking
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.statistics.rates import difference
from carousel.experiments.decision.wording import interval
from carousel.experiments.judgement import judge
from carousel.experiments.results.evidence import Evidence
from tests.support.effects import SPECS, Effects
from tests.support.evidence import planted


def _made(**options: Any) -> Evidence:
    return planted(Path("nowhere"), write_curves=False, with_profiles=False, **options)


def _advice(evidence: Evidence) -> dict[str, str]:
    return judge(evidence).advice


def test_the_one_that_solves_most_is_named_with_its_initialisation_and_gain() -> None:
    advice = _advice(_made(seeds=20))
    assert advice["en"].startswith("Take lstm:chrono: it solved 80 of 80 trainings")
    assert advice["zh"].startswith("建议使用 lstm:chrono：80 次训练中成功 80 次")
    assert "forget bias drawn as ln U[1, T − 1]" in advice["en"]
    assert "Against rnn its solved-rate differs by +0." in advice["en"]
    assert "lstm, the same cell, has a solved-rate lower by 1" in advice["en"]


def test_of_the_tied_the_one_of_fewest_steps_is_named_and_no_difference_said() -> None:
    same = {(spec, length): 1.0 for spec in SPECS for length in (30, 100)}
    made = _made(effects=Effects(solved=same))
    quick = pl.when(pl.col("contender") == "lstm").then(100).otherwise(500)
    judgement = judge(replace(made, trials=made.trials.with_columns(steps=quick, validation_score=0.98)))
    advice = judgement.advice
    assert advice["en"].startswith("Take lstm:")
    assert judgement.recommended == "lstm"
    assert "no difference of the solved-rate was shown" in advice["en"]
    assert "没有证据表明成功率有差异" in advice["zh"]


def test_the_simplest_may_be_the_best() -> None:
    effects = Effects(scores={"rnn": 0.9, "lstm": 0.5}, score_spread=0.001)
    advice = _advice(_made(specs=("rnn", "lstm"), source_kind="file", effects=effects))
    assert advice["en"].startswith("Take rnn:")
    assert "It is also the simplest one of the run" in advice["en"]


def test_nobody_below_the_baseline_is_recommended() -> None:
    effects = Effects(scores=dict.fromkeys(SPECS, 0.1), gains=dict.fromkeys(SPECS, 0.0))
    judgement = judge(_made(source_kind="file", effects=effects))
    advice = judgement.advice
    assert judgement.recommended is None
    assert "Take" not in advice["en"]
    assert "none is recommended" in advice["en"]
    assert "不推荐任何网络" in advice["zh"]


def test_one_seed_above_the_baseline_shows_nothing() -> None:
    assert "none is recommended" in _advice(_made(source_kind="file", seeds=1))["en"]


def test_without_an_rnn_there_is_nothing_to_compare_with() -> None:
    assert "No plain RNN was run" in _advice(_made(specs=("lstm:chrono", "gru")))["en"]


def test_the_choice_is_made_on_validation_not_on_the_test_score() -> None:
    made = _made(specs=("rnn", "lstm", "gru"), source_kind="file")
    tempting = made.trials.with_columns(
        validation_score=pl.when(pl.col("contender") == "gru").then(0.9).otherwise(0.6),
        score=pl.when(pl.col("contender") == "gru").then(0.8).otherwise(0.95) + 0.001 * pl.col("seed"),
    )
    assert _advice(replace(made, trials=tempting))["en"].startswith("Take gru:")


def test_of_a_transformer_the_positions_matter_and_the_gain_is_given() -> None:
    solved = {("transformer", n): 1.0 for n in (30, 100)} | {("transformer:learned", n): 0.0 for n in (30, 100)}
    made = _made(specs=("rnn", "lstm", "transformer", "transformer:learned"), effects=Effects(solved=solved))
    judgement = judge(made)
    advice = judgement.advice
    assert judgement.recommended == "transformer"
    assert "Initialise it with PyTorch's default." in advice["en"]
    assert "The positions matter: transformer:learned" in advice["en"]
    assert "位置编码很重要" in advice["zh"]
    assert "initialisation matters" not in advice["en"]


def test_depth_alone_is_not_called_initialisation() -> None:
    made = _made(specs=("rnn", "lstm", "lstm:chrono"))
    deep = made.trials.with_columns(init=pl.lit("default"))
    contenders = {
        n: tuple(c.model_copy(update={"init": "default"}) for c in g) for n, g in made.plan.contenders.items()
    }
    same = replace(made, trials=deep, plan=made.plan.model_copy(update={"contenders": contenders}))
    assert "initialisation matters" not in _advice(same)["en"]
    assert "initialisation matters" in _advice(made)["en"]


def test_contenders_are_compared_over_sources_that_have_all_of_them():
    """A task run for one claim, with few contenders, must not count for these alone."""
    from carousel.experiments.calibration.simulated import run, trial

    trials = [trial("adding/T=30", spec, 100 + k, solved=spec == "lstm") for spec in ("rnn", "lstm") for k in range(10)]
    trials += [trial("mqar/T=30", "rnn", 100 + k, solved=True) for k in range(90)]
    evidence = run(["rnn", "lstm"], ["adding", "mqar"], [30], trials)
    made = evidence.plan.contenders
    plan = evidence.plan.model_copy(update={"contenders": {"adding": made["adding"], "mqar": made["mqar"][:1]}})
    found = judge(replace(evidence, plan=plan))
    assert found.recommended == "lstm"
    assert "solved 10 of 10" in found.advice["en"]
    assert "over adding" in found.advice["en"] and "adding" in found.advice["zh"]


def test_the_gain_is_corrected_for_the_choice_and_the_text_says_among_how_many() -> None:
    known = ranking(Results(_made(seeds=20)))
    chosen, simplest = (next(s for s in known if s.spec == spec) for spec in ("lstm:chrono", "rnn"))
    able = sum(s.beats_baseline for s in known)
    _, ends = difference_of(chosen, simplest, SHOWN / able)
    _, uncorrected = difference_of(chosen, simplest, SHOWN)
    assert able > 1
    assert ends.low < uncorrected.low < uncorrected.high <= ends.high
    said = f"(95 % interval {interval(ends)}, corrected for the choice among {able})"
    assert said in _advice(_made(seeds=20))["en"]


def test_a_seed_counts_once_whatever_the_number_of_conditions() -> None:
    solved = {("rnn", n): 0.0 for n in (10, 30, 100)} | {("lstm", n): 1.0 for n in (10, 30, 100)}
    limits = []
    for lengths in ((30,), (10, 30, 100)):
        made = _made(specs=("rnn", "lstm"), lengths=lengths, seeds=6, effects=Effects(solved=solved))
        rnn, lstm = ranking(Results(made))
        limits.append(difference_of(lstm, rnn, SHOWN))
    assert limits[0] == limits[1]


def test_choosing_among_equals_shows_a_gain_in_at_most_a_twentieth() -> None:
    """Ten contenders of one population, of each of which a quarter of the seeds solve: the best is named, and its gain
    over the plain RNN is above 0 by chance alone."""
    generator, shown, runs = np.random.default_rng(0), 0, 400
    for _ in range(runs):
        counts = generator.binomial(10, 0.25, size=10)
        best, simplest = max(counts), counts[0]
        able = max(1, int((counts > 0).sum()))
        shown += difference((float(best), 10), (float(simplest), 10), SHOWN / able).above(0.0)
    assert shown <= 0.05 * runs
