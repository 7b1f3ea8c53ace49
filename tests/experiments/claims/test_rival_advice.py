"""The advice on a file: a network only where it beats every simple method by the interval, else the best of those."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import numpy as np
import polars as pl
import pytest

from carousel.experiments.advice.advice import decide
from carousel.experiments.claims import ids
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.skill import error_of
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdicts_json import read_judgement
from carousel.experiments.judgement import judge
from carousel.experiments.report.first.answer import answer, standings
from carousel.experiments.report.first.screen import first_screen
from carousel.experiments.report.first.words import percent
from carousel.experiments.report.page.results import result_tables
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.report.tables.rivals import rival_summaries
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.kept import schema
from carousel.experiments.tables import RIVALS
from tests.support.effects import Effects
from tests.support.evidence import planted

SEEDS = 6


def made(network: float, rivals: dict[str, float], seeds: int = SEEDS, **validation: float) -> Evidence:
    """A run on a file: an RNN of score .5, an LSTM of score `network`, and simple methods of these scores (accuracy).
    validation: of simple methods by name with _ for -, where it is not their score."""
    effects = Effects(scores={"rnn": 0.5, "lstm": network}, score_spread=0.004)
    found = planted(
        Path("nowhere"), specs=("rnn", "lstm"), source_kind="file", effects=effects, seeds=seeds, write_curves=False,
        with_profiles=False,
    )  # fmt: skip
    reported = found.trials.filter(pl.col("phase") == "reporting", pl.col("length") == 0)
    rng, rows = np.random.default_rng(5), []
    for name, score in rivals.items():
        for seed in sorted(set(reported["seed"])):
            value = score + 0.004 * rng.normal()
            seen = validation.get(name.replace("-", "_"), value)
            base = float(reported["baseline_score"][0])
            rows.append(("job", reported["condition"][0], name, seed, value, seen, base, None, "", 60, 0.1))
    frame = pl.DataFrame(rows, schema=schema(RIVALS), orient="row")
    source = found.plan.sources[0].name
    return replace(found, rivals=frame, plan=found.plan.model_copy(update={"rivals": {source: tuple(rivals)}}))


def test_a_network_that_beats_every_simple_method_is_taken_with_its_skill() -> None:
    evidence = made(0.9, {"most-frequent": 0.3, "linear": 0.8, "boosting": 0.7})
    judgement = judge(evidence)
    assert judgement.recommended == "lstm" and judgement.instead is None and judgement.skill is not None
    found = judgement.skill
    assert (found.rival, found.network, found.unbeaten) == ("linear", "lstm", ())
    assert (found.better, found.of) == (SEEDS, SEEDS)
    trials = evidence.trials.filter(
        pl.col("contender") == "lstm", pl.col("phase") == "reporting", pl.col("length") == 0
    )
    ours = dict(trials.select("seed", "score").iter_rows())
    theirs = dict(evidence.rivals.filter(pl.col("rival") == "linear").select("seed", "score").iter_rows())
    errors = [np.mean([1 - scores[seed] for seed in ours]) for scores in (ours, theirs)]
    assert found.value == pytest.approx(1 - errors[0] / errors[1])
    able = len(decide(Results(evidence)).able)
    ends = mean_interval([ours[seed] - theirs[seed] for seed in sorted(ours)], SHOWN / able)
    assert found.interval == pytest.approx([end / errors[1] for end in ends])
    assert "Against linear, the best simple method, the skill of lstm is +0." in judgement.advice["en"]
    assert "It was better on 6 of 6 splits." in judgement.advice["en"]
    assert "与最好的简单方法 linear 相比" in judgement.advice["zh"]


@pytest.mark.parametrize(("linear", "better"), [(0.9, None), (0.95, 0)])
def test_a_network_that_is_alike_or_worse_is_not_taken(linear: float, better: int | None) -> None:
    judgement = judge(made(0.9, {"most-frequent": 0.3, "linear": linear}))
    assert judgement.recommended is None and judgement.instead == "linear" and judgement.skill is not None
    assert better is None or judgement.skill.better == better
    assert judgement.advice["en"].startswith("No network: take linear, the simple method that is best on validation.")
    assert judgement.advice["zh"].startswith("不建议使用网络：请用 linear")
    assert "Take lstm" not in judgement.advice["en"]


def test_the_simple_method_is_chosen_on_validation_yet_every_one_must_be_beaten() -> None:
    tempting = made(0.8, {"linear": 0.7, "boosting": 0.85}, linear=0.9)
    judgement = judge(tempting)
    assert judgement.recommended is None and judgement.instead == "linear"
    assert judgement.skill is not None and judgement.skill.unbeaten == ("boosting",)
    assert "Nor was lstm shown to beat boosting." in judgement.advice["en"]


def test_one_split_shows_nothing_and_a_perfect_simple_method_cannot_be_beaten() -> None:
    assert judge(made(0.9, {"linear": 0.6}, seeds=1)).recommended is None
    perfect = made(0.9, {"linear": 0.9})
    perfect = replace(perfect, rivals=perfect.rivals.with_columns(score=pl.lit(1.0)))
    judgement = judge(perfect)
    assert judgement.instead == "linear" and judgement.skill is not None and judgement.skill.value is None
    assert "makes no error" in judgement.advice["en"]


def test_what_removes_little_of_the_baselines_error_is_not_praised() -> None:
    evidence = made(0.6, {"linear": 0.5})
    close = evidence.trials.with_columns(baseline_score=0.57)
    said = judge(replace(evidence, trials=close)).advice
    assert "Little can be predicted here: of the baseline's error it removes 0.0" in said["en"]
    assert "这里能预测的很少" in said["zh"]


def test_a_judgement_is_read_as_it_was_written_and_one_without_simple_methods_too() -> None:
    judgement = judge(made(0.9, {"linear": 0.95}))
    value: dict[str, Any] = judgement.as_json()
    assert read_judgement(value, ids()).skill == judgement.skill
    before = {name: found for name, found in value.items() if name not in ("instead", "skill")}
    assert read_judgement(before, ids()).skill is None
    with pytest.raises(ValueError, match="better"):
        read_judgement({**value, "skill": {**value["skill"], "better": "all"}}, ids())


def test_errors_are_zero_for_a_perfect_score() -> None:
    assert error_of(1.0, "accuracy") == error_of(1.0, "r2") == error_of(0.0, "log_likelihood") == 0.0
    assert error_of(-8.2, "log_likelihood") == 8.2


def test_the_first_screen_says_what_to_use_and_how_much_better_than_the_simple() -> None:
    taken, simple = made(0.9, {"linear": 0.8}), made(0.9, {"most-frequent": 0.3, "boosting": 0.95})
    told = answer(standings(taken, judge(taken)), "en")
    name = "an LSTM as PyTorch starts it"
    removed = judge(taken).skill
    assert removed is not None and removed.value is not None
    assert told.use == (
        f"Use {name}.",
        f"Of the error of a linear model, the best simple method, {name} removes {percent(removed.value, 'en')}.",
        f"On 6 of 6 splits {name} was the better of the two.",
    )
    other = answer(standings(simple, judge(simple)), "en")
    assert other.use[0] == "Use no network: use gradient boosting." and other.code is None
    assert other.use[2:] == (
        "That it is better than every simple method was not shown.",
        f"On 0 of 6 splits {name} was the better of the two.",
    )
    assert all(len(sentence.split()) <= 25 for sentence in (*told.use, *other.use))
    chinese = answer(standings(simple, judge(simple)), "zh").use
    assert chinese[0] == "不建议使用网络：请用梯度提升。"


def test_the_picture_has_a_dot_for_each_split_and_the_best_first() -> None:
    evidence = made(0.9, {"linear": 0.8, "boosting": 0.95})
    screen = first_screen(evidence, judge(evidence), "en")
    picture = screen.pictures[0]
    root = fromstring(picture.svg)
    rows = [node.text for node in root.iter() if node.tag.endswith("text") and node.get("class") == "name"]
    assert rows[-2:] == ["gradient boosting", "a linear model"] and len(rows) == 4 and rows[0].startswith("LSTM")
    dots = [node for node in root.iter() if node.tag.endswith("circle")]
    assert len(dots) == 4 * SEEDS and sum("of-simple" in node.get("class", "") for node in dots) == 2 * SEEDS
    places = [float(node.get("cx", "")) for node in dots[2 * SEEDS : 3 * SEEDS]]
    assert min(places) > max(float(node.get("cx", "")) for node in dots[3 * SEEDS :])
    assert "您的文件" in first_screen(evidence, judge(evidence), "zh").pictures[0].title


def test_the_table_has_the_simple_methods_below_the_networks() -> None:
    evidence = made(0.9, {"linear": 0.8})
    evidence = replace(evidence, rivals=evidence.rivals.with_columns(setting=pl.lit("C=1")))
    tables = result_tables(evidence.plan, summarise(evidence), "en", rival_summaries(evidence))
    whole = next(table for table in tables if any("linear" in row[0] for row in table.rows))
    assert [row[0] for row in whole.rows][2:] == ["linear (C=1)", "baseline"]
    assert whole.rows[2][1] == f"{evidence.rivals['score'].mean():.3f}" and whole.quiet == frozenset({3})
    assert sum("simple methods" in note for table in tables for note in table.notes) == 1
