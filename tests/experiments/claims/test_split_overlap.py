"""Seeds whose splits overlap: the correction by hand, what it does to verdicts on a file, and what is said where it
cannot be made."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from carousel.experiments.decision.ranking import ranking
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.split_overlap import overlap_of, sample_note
from carousel.experiments.decision.statistics.means import bca_interval, mean_interval, t_interval
from carousel.experiments.decision.statistics.power import seeds_for_mean
from carousel.experiments.judgement import judge
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.results.evidence import Evidence
from tests.support.effects import Effects
from tests.support.evidence import planted

VALUES = [0.02, 0.05, 0.01, 0.04, 0.03]
VARIED = {"sequences": 54 / 162, "shifted": 54 / 162, "training": 0.0, "file": 0.0, "short": 0.0}


def run(folder: Path, varied: str | None, seeds: int = 10, **effects: Any) -> Evidence:
    """A simulated run on a file: an LSTM and an RNN. varied: how its split did."""
    evidence = planted(
        folder,
        seeds=seeds,
        source_kind="file",
        specs=("rnn", "lstm"),
        effects=Effects(**effects),
        write_curves=False,
        with_profiles=False,
    )
    assert evidence.card is not None
    split = evidence.card["split"] | ({"varied": varied, "splits": seeds} if varied else {})
    return replace(evidence, card=evidence.card | {"split": split})


def claim(evidence: Evidence, name: str) -> dict[str, Any]:
    """One entry of verdicts.json."""
    return next(c for c in judge(evidence).as_json()["claims"] if c["id"] == name)


def test_the_interval_is_that_of_the_corrected_resampled_t_test() -> None:
    n, ratio = len(VALUES), 0.2 / 0.6
    deviation = math.sqrt((1 / n + ratio) * np.var(VALUES, ddof=1))
    half = stats.t.ppf(0.975, n - 1) * deviation
    assert mean_interval(VALUES, 0.05, ratio) == pytest.approx((0.03 - half, 0.03 + half))


def test_without_overlap_nothing_changes_and_beyond_ten_seeds_both_intervals_are_widened() -> None:
    assert mean_interval(VALUES, 0.05, 0.0) == t_interval(VALUES, 0.05)
    values = [*VALUES, *(v + 0.005 for v in VALUES)]
    mean = sum(values) / 10
    low = min(t_interval(values, 0.05).low, bca_interval(tuple(values), 0.05).low)
    assert mean_interval(values, 0.05, 1 / 3).low == pytest.approx(mean + math.sqrt(1 + 10 / 3) * (low - mean))


def test_no_number_of_seeds_narrows_it_beyond_the_overlap() -> None:
    assert seeds_for_mean(VALUES, 0.01, 0.05) is not None
    assert seeds_for_mean(VALUES, 0.01, 0.05, overlap=1 / 3) is None
    deviation = np.std(VALUES, ddof=1)
    allocation = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    enough = seeds_for_mean(VALUES, 1.3 * allocation * deviation * math.sqrt(1 / 3), 0.05, overlap=1 / 3)
    assert enough is not None


def test_the_ratio_comes_from_the_card_and_only_where_the_test_part_varies(tmp_path: Path) -> None:
    for varied, ratio in VARIED.items():
        assert overlap_of(run(tmp_path, varied).card) == pytest.approx(ratio)
    assert overlap_of(None) == overlap_of(run(tmp_path, None).card) == 0.0


@pytest.mark.parametrize("varied", [*VARIED, None])
def test_verdicts_on_a_file_say_what_their_seeds_vary(tmp_path: Path, varied: str | None) -> None:
    evidence = run(tmp_path, varied)
    note = sample_note(evidence.card)
    assert note is not None and "54" in note["en"] and "54" in note["zh"]
    for name in ("length", "generalisation"):
        for lang in ("en", "zh"):
            assert note[lang] in claim(evidence, name)["because"][lang]


def test_a_gain_from_the_past_that_splits_decide_may_not_hold_for_other_sequences(tmp_path: Path) -> None:
    """Planted: the LSTM gains .06 more; the margin is about .04 and the seeds spread."""
    effects = {"gains": {"rnn": 0.2, "lstm": 0.265}, "score_spread": 0.008}
    one, many = (claim(run(tmp_path, v, **effects), "length") for v in (None, "sequences"))
    assert (one["verdict"], many["verdict"]) == ("supported", "inconclusive")
    assert many["effect"]["value"] == one["effect"]["value"]
    widths = [c["effect"]["ci95"][1] - c["effect"]["ci95"][0] for c in (one, many)]
    assert widths[1] / widths[0] == pytest.approx(math.sqrt(1 + 10 / 3))
    assert many["conditions"][0]["overlap"] == pytest.approx(1 / 3) and "p_sign_flip" not in many["conditions"][0]


def test_wins_decide_on_a_file_only_with_the_mean_difference(tmp_path: Path) -> None:
    near = {"scores": {"rnn": 0.90, "lstm": 0.935}, "score_spread": 0.013}
    far = {"scores": {"rnn": 0.80, "lstm": 0.95}, "score_spread": 0.005}
    one, many, sure = (
        claim(run(tmp_path, varied, seeds=30, **effects), "generalisation")
        for varied, effects in ((None, near), ("sequences", near), ("sequences", far))
    )
    assert (one["verdict"], many["verdict"], sure["verdict"]) == ("supported", "inconclusive", "supported")
    assert many["conditions"][0]["reason"] == "overlap"
    assert "otherwise" in many["because"]["en"] and "widened 95 % interval" in sure["because"]["en"]


def test_advice_and_tables_use_the_widened_intervals(tmp_path: Path) -> None:
    wide, narrow = run(tmp_path, "sequences"), run(tmp_path, None)
    factor = math.sqrt(1 + 10 / 3)
    spans = [(s["score_high"] - s["score_low"]).to_list() for s in map(summarise, (wide, narrow))]
    assert spans[0] == pytest.approx([factor * span for span in spans[1]])
    assert all(standing.overlap == pytest.approx(1 / 3) for standing in ranking(Results(wide)))


def test_two_contenders_of_equal_merit_are_told_apart_too_often_without_the_correction() -> None:
    """Nearest-mean classifiers of two features, equal in the population, on 200 data sets of 60 sequences and 10 splits
    each: an interval of 95 % that excludes 0 is wrong."""
    rng = np.random.default_rng(0)
    differences = [_differences(rng) for _ in range(200)]
    wrong = {}
    for overlap in (0.0, 0.2 / 0.6):
        ends = [mean_interval(values, 0.05, overlap) for values in differences]
        wrong[overlap] = sum(end.above(0.0) or end.below(0.0) for end in ends) / len(ends)
    assert wrong[0.0] > 0.15 and wrong[0.2 / 0.6] < 0.06


def _differences(rng: np.random.Generator, examples: int = 60, splits: int = 10) -> list[float]:
    y = rng.integers(0, 2, examples)
    x = rng.normal(size=(examples, 2)) + y[:, None]
    orders = [rng.permutation(examples) for _ in range(splits)]
    parts = [(order[: int(0.6 * examples)], order[int(0.8 * examples) :]) for order in orders]
    return [_accuracy(x[:, 0], y, *part) - _accuracy(x[:, 1], y, *part) for part in parts]


def _accuracy(x: np.ndarray, y: np.ndarray, training: np.ndarray, test: np.ndarray) -> float:
    low, high = (x[training][y[training] == label].mean() for label in (0, 1))
    predicted = np.abs(x[test] - high) < np.abs(x[test] - low)
    return float((predicted == y[test]).mean())
