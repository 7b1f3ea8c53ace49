"""From interval to answer, from answers to the verdict of a claim."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from carousel.experiments.claims.length.rule_on_tasks import Ends, Rate, answer, fall_difference, seeds_needed
from carousel.experiments.claims.vanishing.horizon import Horizon, ratio_of
from carousel.experiments.decision.paired import mean_row
from carousel.experiments.decision.rules import (
    SIZE,
    by_group,
    by_margin,
    by_size,
    by_superiority,
    combine,
    combine_parts,
    distance,
    everywhere,
    judged_together,
)
from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval
from carousel.experiments.decision.verdict import Effect, Row, Word


@pytest.mark.parametrize(
    ("interval", "word", "reason"),
    [
        (Interval(0.06, 0.2), "supported", "beyond"),
        (Interval(-0.2, -0.01), "refuted", "opposite"),
        (Interval(-0.04, 0.04), "refuted", "equivalent"),
        (Interval(0.01, 0.04), "refuted", "equivalent"),
        (Interval(0.04, 0.2), "inconclusive", "wide"),
        (Interval(-0.06, 0.01), "inconclusive", "wide"),
        (UNBOUNDED, "inconclusive", "wide"),
    ],
)
def test_margin(interval: Interval, word: Word, reason: str) -> None:
    assert by_margin(interval, 0.05) == (word, reason)


@pytest.mark.parametrize(
    ("interval", "word", "reason"),
    [
        (Interval(0.11, 0.2), "supported", "beyond"),
        (Interval(-0.2, -0.01), "refuted", "opposite"),
        (Interval(0.02, 0.09), "refuted", "less"),
        (Interval(-0.5, 0.09), "refuted", "less"),  # wide, but below the margin as a whole
        (Interval(0.09, 0.11), "inconclusive", "wide"),
        (Interval(-0.01, 0.1), "inconclusive", "wide"),
        (UNBOUNDED, "inconclusive", "wide"),
    ],
)
def test_size(interval: Interval, word: Word, reason: str) -> None:
    assert by_size(interval, 0.1) == (word, reason)
    assert SIZE.distance(0.07, 0.1) == pytest.approx(0.03) == SIZE.distance(0.13, 0.1)


@pytest.mark.parametrize(
    ("interval", "word", "reason"),
    [
        (Interval(0.76, 1.0), "supported", "beyond"),
        (Interval(0.6, 1.0), "inconclusive", "wide"),  # .9 of wins may be .6
        (Interval(0.55, 0.85), "inconclusive", "wide"),
        (Interval(0.05, 0.45), "refuted", "opposite"),
        (Interval(0.3, 0.7), "refuted", "less"),
    ],
)
def test_superiority(interval: Interval, word: Word, reason: str) -> None:
    assert by_superiority(interval) == (word, reason)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("supported", "supported"), "supported"),
        (("supported", "inconclusive"), "inconclusive"),  # `combine` takes half
        (("supported", "not-tested"), "supported"),
        (("refuted", "inconclusive"), "refuted"),
        (("supported", "refuted"), "conditional"),
    ],
)
def test_a_statement_about_every_row_is_supported_by_all(words: tuple[Word, ...], expected: Word) -> None:
    rows = [Row(str(k), word, "", Effect("rate", "solved_rate", 0.1), 10) for k, word in enumerate(words)]
    assert everywhere(rows) == expected


@pytest.mark.parametrize(("least", "expected"), [(1, "supported"), (2, "inconclusive")])
def test_a_group_may_need_several_rows_for_its_answer(least: int, expected: Word) -> None:
    words: tuple[Word, ...] = ("supported", "inconclusive")
    rows = [
        Row(str(k), word, "", Effect("rate", "solved_rate", 0.1), 10, condition="task/T=30")
        for k, word in enumerate(words)
    ]
    untested = Row("other", "not-tested", "", Effect("rate", "solved_rate", 0.1), 0, condition="other/T=30")
    assert by_group([*rows, untested], str, least) == {"task": expected, "other": "not-tested"}


@pytest.mark.parametrize(
    ("firm", "expected"),
    [((True, True), "conditional"), ((True, False), "inconclusive"), ((False, True), "inconclusive")],
)
def test_a_claim_is_conditional_on_firm_rows_alone(firm: tuple[bool, bool], expected: Word) -> None:
    rows = [replace(_row(word), firm=one) for word, one in zip((S, R), firm, strict=True)]
    assert combine([*rows, _row(OPEN, best=True)]) == expected


def _of_values(values: np.ndarray, alpha: float) -> list[Row]:
    return [mean_row("a pair", ("slope_difference", "nats_per_step"), list(v), 0.0, alpha) for v in values]


def test_many_pairs_of_one_truth_are_rarely_conditional() -> None:
    """Twenty pairs of ten seeds: half truly above the margin, half on it. On the margin "below" is wrong; with the
    error of one row some pair would say it in 20 % of runs."""
    generator, unguarded, conditional, runs = np.random.default_rng(1), 0, 0, 200
    truth = np.repeat([3.0, 0.0], 10)[:, None]
    for _ in range(runs):
        values = truth + generator.normal(size=(20, 10))
        rows = judged_together(partial(_of_values, values), 0.05)
        refuted = [row for row in rows if row.verdict == "refuted"]
        unguarded += bool(refuted)
        conditional += combine(rows) == "conditional"
    assert unguarded > 0.1 * runs
    assert conditional <= 0.05 * runs


def test_rows_that_agree_are_judged_once() -> None:
    asked: list[float] = []

    def judge(alpha: float) -> list[Row]:
        asked.append(alpha)
        return [_row(S), _row(S), _row(OPEN)]

    assert all(row.firm for row in judged_together(judge, 0.05))
    assert asked == [0.05]


def test_distance_to_the_nearest_answer() -> None:
    assert distance(0.09, 0.05) == pytest.approx(0.04)
    assert distance(-0.2, 0.05) == pytest.approx(0.2)
    assert distance(0.01, 0.05) == pytest.approx(0.04)
    assert distance(0.05, 0.05) == pytest.approx(0.0)


S, R, OPEN, N = "supported", "refuted", "inconclusive", "not-tested"


def _row(word: Word, *, best: bool = False, decides: bool = True) -> Row:
    return Row(
        "somewhere", word, "beyond", Effect("slope_difference", "nats_per_step", 0.1), 5, best=best, decides=decides
    )


@pytest.mark.parametrize(
    ("words", "best", "expected"),
    [
        ([S, S], [S], "supported"),
        ([R, R], [R], "refuted"),
        ([S, R, OPEN], [OPEN], "conditional"),
        ([S, OPEN, OPEN], [S], "supported"),
        ([S, OPEN, OPEN, OPEN], [S], "inconclusive"),
        ([S, S, S], [OPEN], "inconclusive"),
        ([S, S, S], [S, OPEN], "supported"),
        ([OPEN, OPEN], [OPEN], "inconclusive"),
        ([N, N], [N], "not-tested"),
        ([S, N, N], [S], "supported"),
        ([S, S], [], "supported"),
    ],
)
def test_combine(words: list[Word], best: list[Word], expected: Word) -> None:
    rows = [_row(word) for word in words] + [_row(word, best=True) for word in best]
    assert combine(rows) == expected


def test_rows_that_do_not_decide_change_nothing() -> None:
    assert combine([_row(S), _row(R, decides=False)]) == "supported"
    assert combine([_row(S, decides=False)]) == "not-tested"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((S, S), S),
        ((R, R), R),
        ((S, R), "conditional"),
        (("conditional", R), "conditional"),
        ((S, OPEN), OPEN),
        ((R, N), OPEN),
        ((N, N), N),
        ((OPEN, OPEN), OPEN),
    ],
)
def test_parts(parts: tuple[Word, Word], expected: Word) -> None:
    assert combine_parts(parts) == expected


def _ends(*solved: int, n: int) -> Ends:
    return Ends(*(Rate(k, n) for k in solved))


@pytest.mark.parametrize(
    ("ends", "word", "reason"),
    [
        (_ends(60, 0, 60, 60, n=60), "supported", "beyond"),
        (_ends(60, 60, 60, 60, n=60), "refuted", "rnn_holds"),
        (_ends(60, 0, 0, 0, n=60), "refuted", "lstm_fails"),
        (_ends(60, 0, 60, 36, n=60), "refuted", "lstm_falls"),
        (_ends(0, 0, 60, 60, n=60), "not-tested", "nothing_to_fall_from"),
        (_ends(5, 0, 5, 5, n=5), "inconclusive", "wide"),
        (_ends(1, 0, 1, 1, n=1), "inconclusive", "wide"),
    ],
)
def test_falls(ends: Ends, word: Word, reason: str) -> None:
    assert answer(ends, 0.05) == (word, reason)


def test_the_seeds_a_fall_needs() -> None:
    """With perfect rates the LSTM's fall is at most .1 from 35 seeds on, whatever the RNN does."""
    assert seeds_needed(_ends(5, 0, 5, 5, n=5), 0.05) == 35


def test_the_difference_of_falls_holds_its_value() -> None:
    value, interval = fall_difference(_ends(10, 2, 10, 9, n=10))
    assert value == pytest.approx(0.7)
    assert interval.low < 0.7 < interval.high


@pytest.mark.parametrize(
    ("rnn", "lstm", "expected"),
    [
        (Horizon(10, False), Horizon(30, False), (3.0, "=")),
        (Horizon(10, False), Horizon(29, True), (2.9, ">=")),
        (Horizon(29, True), Horizon(10, False), (10 / 29, "<=")),
        (Horizon(29, True), Horizon(29, True), (1.0, "?")),
        (Horizon(None, False), Horizon(29, True), (None, "?")),
        (Horizon(0, False), Horizon(5, False), (5.0, "=")),
    ],
)
def test_a_censored_horizon_is_a_bound(rnn: Horizon, lstm: Horizon, expected: tuple[float | None, str]) -> None:
    assert ratio_of(rnn, lstm) == expected
