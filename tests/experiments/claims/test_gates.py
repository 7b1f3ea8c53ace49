"""Claim 4 from planted probes: clamping and AUROC of named gates, selectivity of both architectures."""

from __future__ import annotations

from typing import Any

import pytest

from carousel.experiments.calibration.simulated import Row, run, trial
from carousel.experiments.claims.gates.claim import Gates
from carousel.experiments.columns import SELECTIVITY, SELECTIVITY_CLAMPED, auroc, clamp_drop
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Verdict

WHERE = "delayed-recall/T=30"
JITTER = (-0.02, -0.01, 0.0, 0.01, 0.02) * 2  # ten seeds
GATES_LEAD = {"i": (0.1, 0.9), "f": (0.5, 0.93), "o": (0.3, 0.5)}  # accuracy lost, AUROC


def _lstm(lost: float, selectivity: float = 0.8, spec: str = "lstm", **found: Any) -> list[Row]:
    """Networks that lose so much selectivity with their gates clamped."""
    return [
        trial(WHERE, spec, seed, **{"solved": True, **found})
        | {SELECTIVITY: selectivity + JITTER[seed], SELECTIVITY_CLAMPED: selectivity - lost}
        | {clamp_drop("all"): 0.6 + JITTER[seed], clamp_drop("informed"): 0.01}
        | {clamp_drop(g): drop + JITTER[seed] for g, (drop, _) in GATES_LEAD.items()}
        | {auroc(g): marks + JITTER[seed] for g, (_, marks) in GATES_LEAD.items()}
        for seed in range(10)
    ]


def _select(rows: list[Row], selectivity: float) -> list[Row]:
    return [row | {SELECTIVITY: selectivity + JITTER[row["seed"]]} for row in rows]


def _rnn(selectivity: float, **found: Any) -> list[Row]:
    return _select([trial(WHERE, "rnn", seed, **{"solved": True, **found}) for seed in range(10)], selectivity)


def _judge(rows: list[Row], sources: tuple[str, ...] = ("delayed-recall",)) -> Verdict:
    return Gates().judge(Results(run(["rnn", "lstm"], sources, [30], rows)), 0.05)


@pytest.mark.parametrize(
    ("lost", "rnn", "lstm", "word"),
    [
        (0.5, 0.02, 0.8, "supported"),
        (0.5, 0.6, 0.8, "conditional"),  # a solved RNN rejects noise too
        (0.0, 0.6, 0.8, "refuted"),
        (0.1, 0.6, 0.8, "refuted"),  # lost, but not by so much
        (-0.3, 0.6, 0.8, "refuted"),
        (0.2, 0.6, 0.8, "inconclusive"),  # on the margin
        (0.0, 0.02, 0.3, "refuted"),  # the LSTM passes noise on as well
    ],
)
def test_two_parts(lost: float, rnn: float, lstm: float, word: str) -> None:
    assert _judge(_lstm(lost, lstm) + _rnn(rnn)).verdict == word


@pytest.mark.parametrize(("lost", "reason"), [(0.5, "beyond"), (0.1, "less"), (-0.3, "opposite"), (0.2, "wide")])
def test_the_loss_is_paired_and_says_why(lost: float, reason: str) -> None:
    """Selectivity itself scatters ten times as much as the loss: network by network it does not matter."""
    rows = _lstm(lost)
    for row, level in zip(rows, range(-5, 5), strict=True):
        row |= {name: row[name] + 0.04 * level for name in (SELECTIVITY, SELECTIVITY_CLAMPED)}
    row = _judge(rows + _rnn(0.02)).rows[0]
    assert row.reason == reason
    assert row.effect.value == pytest.approx(lost)
    assert row.effect.unit == "selectivity" and row.n == 10


def test_the_control_and_the_gate_that_costs_most_alone_are_named() -> None:
    verdict = _judge(_lstm(0.5) + _rnn(0.02))
    assert "loses selectivity: +0.5 of the symbol's bits" in verdict.because["en"]
    assert (
        "Accuracy lost by that: 0.6. Clamped to means that know the symbol and the key so far: 0.01"
        in (verdict.because["en"])
    )
    assert "Alone, gate f costs most: 0.5 accuracy; its AUROC for the key is 0.93" in verdict.because["en"]


def test_the_ways_of_clamping_are_shown_and_decide_nothing() -> None:
    shown = [row for row in _judge(_lstm(0.5) + _rnn(0.02)).rows if not row.decides]
    assert {row.where.rpartition(" ")[2] for row in shown} == {"all", "informed", "i", "f", "o"}
    assert {row.verdict for row in shown} == {"not-tested"}
    assert {row.details["clamped"]: row.details.get("auroc") for row in shown} == {
        "all": None,
        "informed": None,
        **{gate: pytest.approx(marks) for gate, (_, marks) in GATES_LEAD.items()},
    }


def test_lstms_that_differ_make_part_a_conditional() -> None:
    specs = ("rnn", "lstm", "lstm:chrono")
    rows = _lstm(0.5) + _lstm(0.0, spec="lstm:chrono") + _rnn(0.02)
    verdict = Gates().judge(Results(run(specs, ["delayed-recall"], [30], rows)), 0.05)
    assert "Gates do it: conditional" in verdict.because["en"]
    assert verdict.verdict == "conditional"


def test_networks_that_failed_do_not_count() -> None:
    verdict = _judge(_lstm(0.9, solved=False) + _rnn(0.0, solved=False))
    assert verdict.verdict == "not-tested"
    assert "solved its task" in verdict.because["en"]


def test_without_the_probe_nothing_is_tested_and_the_reason_is_given() -> None:
    verdict = _judge([trial(WHERE, spec, seed, solved=True) for spec in ("rnn", "lstm") for seed in range(10)])
    assert verdict.verdict == "not-tested"
    assert "gate probe" in verdict.because["en"]


def test_a_source_without_the_probe_is_a_row_of_its_own() -> None:
    rows = _lstm(0.5) + _rnn(0.02)
    rows += [trial("adding/T=30", spec, seed, solved=True) for spec in ("rnn", "lstm") for seed in range(10)]
    verdict = _judge(rows, ("delayed-recall", "adding"))
    assert verdict.verdict == "supported"
    assert {row.reason for row in verdict.rows if row.condition == "adding/T=30"} == {"no_probe"}
