"""Claim 4 from planted probes: clamping and AUROC of named gates, selectivity of both architectures."""

from __future__ import annotations

from typing import Any

import pytest

from carousel.experiments.calibration.simulated import Row, run, trial
from carousel.experiments.claims.gates.claim import Gates
from carousel.experiments.columns import GATES, SELECTIVITY, auroc, clamp_drop
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Verdict

WHERE = "delayed-recall/T=30"
JITTER = (-0.02, -0.01, 0.0, 0.01, 0.02) * 2  # ten seeds
NOTHING = {"i": (0.0, 0.5), "f": (0.0, 0.5), "o": (0.0, 0.5)}


def _lstm(gates: dict[str, tuple[float, float]], **found: Any) -> list[Row]:
    return [
        trial(WHERE, "lstm", seed, **{"solved": True, **found})
        | {clamp_drop(g): gates[g][0] + JITTER[seed] for g in GATES if g in gates}
        | {auroc(g): gates[g][1] + JITTER[seed] for g in GATES if g in gates}
        for seed in range(10)
    ]


def _select(rows: list[Row], selectivity: float) -> list[Row]:
    return [row | {SELECTIVITY: selectivity + JITTER[row["seed"]]} for row in rows]


def _rnn(selectivity: float, **found: Any) -> list[Row]:
    return _select([trial(WHERE, "rnn", seed, **{"solved": True, **found}) for seed in range(10)], selectivity)


def _judge(rows: list[Row], sources: tuple[str, ...] = ("delayed-recall",)) -> Verdict:
    return Gates().judge(Results(run(["rnn", "lstm"], sources, [30], rows)), 0.05)


@pytest.mark.parametrize(
    ("gates", "rnn", "lstm", "word"),
    [
        (NOTHING | {"f": (0.5, 0.93)}, 0.02, 0.8, "supported"),  # one named gate is enough
        (NOTHING | {"f": (0.5, 0.93)}, 0.6, 0.8, "conditional"),  # the pilot: a solved RNN rejects noise too
        (NOTHING, 0.6, 0.8, "refuted"),
        (NOTHING | {"f": (0.1, 0.95)}, 0.6, 0.8, "refuted"),  # marked, but not needed
        (NOTHING | {"f": (0.6, 0.55)}, 0.6, 0.8, "refuted"),  # needed, but does not mark
        (NOTHING | {"f": (0.2, 0.95)}, 0.6, 0.8, "inconclusive"),  # on the margin
        (NOTHING, 0.02, 0.3, "refuted"),  # the LSTM passes noise on as well
    ],
)
def test_two_parts(gates: dict[str, tuple[float, float]], rnn: float, lstm: float, word: str) -> None:
    assert _judge(_select(_lstm(gates), lstm) + _rnn(rnn)).verdict == word


def test_the_gate_that_does_it_is_named_with_both_numbers() -> None:
    verdict = _judge(_select(_lstm(NOTHING | {"f": (0.5, 0.93)}), 0.8) + _rnn(0.02))
    assert verdict.effect.value == pytest.approx(0.5)
    assert "Gate f tells key from distractors with AUROC 0.93" in verdict.because["en"]
    assert {row.where.rpartition(" ")[2] for row in verdict.rows if not row.decides} == set(GATES)


def test_networks_that_failed_do_not_count() -> None:
    verdict = _judge(_select(_lstm(NOTHING | {"f": (0.9, 0.99)}, solved=False), 0.9) + _rnn(0.0, solved=False))
    assert verdict.verdict == "not-tested"
    assert "solved its task" in verdict.because["en"]


def test_without_the_probe_nothing_is_tested_and_the_reason_is_given() -> None:
    verdict = _judge([trial(WHERE, spec, seed, solved=True) for spec in ("rnn", "lstm") for seed in range(10)])
    assert verdict.verdict == "not-tested"
    assert "gate probe" in verdict.because["en"]


def test_a_source_without_the_probe_is_a_row_of_its_own() -> None:
    rows = _select(_lstm(NOTHING | {"f": (0.5, 0.93)}), 0.8) + _rnn(0.02)
    rows += [trial("adding/T=30", spec, seed, solved=True) for spec in ("rnn", "lstm") for seed in range(10)]
    verdict = _judge(rows, ("delayed-recall", "adding"))
    assert verdict.verdict == "supported"
    assert {row.reason for row in verdict.rows if row.condition == "adding/T=30"} == {"no_probe"}


def test_three_gates_share_the_error() -> None:
    """A gate alone that just passes at 95 % does not where three are looked at."""
    drops = [0.25 + 4 * j for j in JITTER]
    one = [
        trial(WHERE, "lstm", s, solved=True) | {clamp_drop("f"): d, auroc("f"): 0.9 + JITTER[s]}
        for s, d in enumerate(drops)
    ]
    three = [row | {f(g): 0.5 + JITTER[row["seed"]] for g in "io" for f in (clamp_drop, auroc)} for row in one]
    words = [_judge(rows).rows[0].verdict for rows in (one, three)]
    assert words == ["supported", "inconclusive"]
