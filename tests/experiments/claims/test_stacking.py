"""Claim 6 from planted depth: solved-rates and bits at fixed parameters, over families of tasks."""

from __future__ import annotations

import pytest

from carousel.experiments.calibration.simulated import Row, run, trial
from carousel.experiments.claims.stacking.claim import Stacking
from carousel.experiments.claims.stacking.depth import families
from carousel.experiments.columns import MEMORISED_BITS
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Verdict, Word

S, R, C, OPEN, N = "supported", "refuted", "conditional", "inconclusive", "not-tested"
SPECS = ("lstm", "lstm,layers=2")


def _solved(source: str, shallow: int, deep: int, n: int = 10) -> list[Row]:
    counts = dict(zip(SPECS, (shallow, deep), strict=True))
    return [trial(f"{source}/T=30", spec, s, solved=s < counts[spec]) for spec in SPECS for s in range(n)]


def _judge(rows: list[Row], specs: tuple[str, ...] = SPECS) -> Verdict:
    sources = list(dict.fromkeys(row["source"] for row in rows))
    lengths = [30] if "/" in rows[0]["condition"] else [0]
    return holm([Stacking()], Results(run(specs, sources, lengths, rows)), 0.05)[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([S, S], S),
        ([S, S, R], S),
        ([S, R], C),
        ([S, R, OPEN], OPEN),
        ([R, R], R),
        ([R, R, OPEN], R),
        ([R, R, OPEN, OPEN], OPEN),  # two might still gain
        ([R], OPEN),
        ([S], OPEN),
        ([R, R, C], C),
        ([N, N], N),
        ([S, S, N], S),
    ],
)
def test_over_families(words: list[Word], expected: Word) -> None:
    assert families(words) == expected


def test_two_families_that_gain_support_it() -> None:
    assert _judge(_solved("adding", 1, 10) + _solved("parity", 0, 9)).verdict == "supported"


def test_two_tasks_of_one_family_are_one_family() -> None:
    verdict = _judge(_solved("delayed-recall", 1, 10) + _solved("copy-memory", 0, 9))
    assert verdict.verdict == "inconclusive"
    assert "recall (supported)" in verdict.because["en"]


def test_no_gain_needs_many_seeds_to_be_shown() -> None:
    few, many = (_solved("adding", n, n, n) + _solved("parity", n, n, n) for n in (10, 100))
    assert _judge(few).verdict == "inconclusive"
    assert _judge(many).verdict == "refuted"


def test_bits_are_judged_as_ratios() -> None:
    rows = [
        trial("random-labels", spec, s) | {MEMORISED_BITS: bits * (1 + s / 500)}
        for spec, bits in zip(SPECS, (5.0, 6.0), strict=True)
        for s in range(10)
    ]
    verdict = _judge(rows)
    assert verdict.rows[0].verdict == "supported"
    assert verdict.effect.value == pytest.approx(0.2)
    assert "5.04 with one layer, 6.05 with several (random-labels)" in verdict.because["en"]
    assert "capacity (supported)" in verdict.because["en"]


def test_a_table_that_is_learned_whole_tells_nothing() -> None:
    """All hold the same because there is no more: not the refutation that equal bits would be."""
    rows = [
        trial("random-labels", spec, s) | {MEMORISED_BITS: 7.0 + s / 500, "test_loss": loss, "chance_loss": 1.386}
        for spec, loss in zip(SPECS, (0.3, 0.1), strict=True)
        for s in range(10)
    ]
    assert (_judge(rows).rows[0].verdict, _judge(rows).rows[0].reason) == ("inconclusive", "table_full")
    halves = [row | {"test_loss": 0.7} for row in rows]
    assert (_judge(halves).rows[0].verdict, _judge(halves).rows[0].reason) == ("refuted", "equivalent")


def test_a_run_of_one_depth_is_not_tested() -> None:
    assert _judge(_solved("adding", 5, 5), ("lstm", "rnn")).verdict == "not-tested"


def test_a_source_with_neither_line_nor_bits_is_not_tested() -> None:
    verdict = _judge([trial("adding/T=30", spec, s, score=0.5) for spec in SPECS for s in range(10)])
    assert verdict.verdict == "not-tested"
    assert "solved threshold" in verdict.because["en"]


def test_the_best_depth_is_chosen_in_the_tuning_phase() -> None:
    specs = (*SPECS, "lstm,layers=3")
    rows = _solved("adding", 1, 2) + [trial("adding/T=30", specs[2], s, solved=True) for s in range(10)]
    tuned = {specs[0]: 0.5, specs[1]: 0.9, specs[2]: 0.1}  # the test scores say otherwise
    rows += [trial("adding/T=30", s, 99, phase="tuning", solved=False, validation_score=v) for s, v in tuned.items()]
    verdict = _judge(rows, specs)
    assert verdict.rows[0].where == "adding/T=30: lstm,layers=2 vs lstm"
    assert {row.where for row in verdict.rows if not row.decides} == {
        "adding/T=30: lstm,layers=2 vs lstm",
        "adding/T=30: lstm,layers=3 vs lstm",
    }
