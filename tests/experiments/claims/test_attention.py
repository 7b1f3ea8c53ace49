"""Claim 7 from planted gaps: recall tasks, the mirror set, learning rates."""

from __future__ import annotations

import pytest

from carousel.experiments.calibration.simulated import RATES, Row, run, trial
from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Verdict

SPECS = ("rnn", "lstm", "transformer")


def _task(source: str, lstm: int, transformer: int, n: int = 10, rates: int = 7, **found: float) -> list[Row]:
    where, solved = f"{source}/T=30", {"rnn": 0, "lstm": lstm, "transformer": transformer}
    rows = []
    for spec in SPECS:
        tuned = {"phase": "tuning", "solved": spec != "rnn"}
        rows += [trial(where, spec, 0, learning_rate=rate, **tuned) for rate in RATES[:rates]]
        rows += [trial(where, spec, 100 + s, solved=s < solved[spec], **found) for s in range(n)]
    return rows


def _judge(rows: list[Row], specs: tuple[str, ...] = SPECS) -> Verdict:
    sources = list(dict.fromkeys(row["source"] for row in rows))
    return holm([Attention()], Results(run(specs, sources, [30], rows)), 0.05)[0]


MIRROR = _task("parity", 10, 0)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (_task("copy-memory", 0, 10), "supported"),
        (_task("copy-memory", 10, 10) + _task("delayed-recall", 0, 10), "supported"),  # one task is enough
        (_task("copy-memory", 4, 7), "inconclusive"),
        (_task("copy-memory", 8, 0), "inconclusive"),  # one task is not enough to say "on none"
        (_task("copy-memory", 8, 0) + _task("delayed-recall", 8, 0), "refuted"),
        (_task("copy-memory", 8, 8) + _task("delayed-recall", 8, 8), "inconclusive"),
        (_task("copy-memory", 8, 0) + _task("delayed-recall", 4, 7), "inconclusive"),
        (_task("copy-memory", 8, 0) + _task("delayed-recall", 9, 0), "inconclusive"),  # no room on the second
        (_task("copy-memory", 9, 9), "not-tested"),
    ],
)
def test_the_largest_gap(rows: list[Row], word: str) -> None:
    assert _judge(rows + MIRROR).verdict == word


def test_without_the_mirror_set_no_verdict_is_shown() -> None:
    verdict = _judge(_task("copy-memory", 0, 10))
    assert (verdict.verdict, verdict.rows) == ("not-tested", ())
    assert "mirror set" in verdict.because["en"]


def test_the_mirror_set_alone_is_no_test() -> None:
    assert _judge(_task("parity", 0, 10)).verdict == "not-tested"


def test_the_mirror_set_is_shown_and_decides_nothing() -> None:
    verdict = _judge(_task("copy-memory", 8, 0) + _task("delayed-recall", 8, 0) + _task("parity", 0, 10))
    assert verdict.verdict == "refuted"
    assert [row.decides for row in verdict.rows] == [True, True, False]
    assert "Mirror set, parity/T=30: transformer vs lstm: +1" in verdict.because["en"]


def test_fewer_than_five_learning_rates_are_not_fair() -> None:
    verdict = _judge(_task("copy-memory", 0, 10, rates=3) + _task("parity", 10, 0, rates=3))
    assert verdict.verdict == "not-tested"
    assert "5 learning rates" in verdict.because["en"]


def test_a_mirror_task_that_was_tuned_too_little_is_no_mirror() -> None:
    verdict = _judge(_task("copy-memory", 0, 10) + _task("parity", 10, 0, rates=3))
    assert verdict.verdict == "not-tested"
    assert "mirror set" in verdict.because["en"]


def test_more_tasks_looked_at_ask_for_more() -> None:
    one = _task("copy-memory", 3, 10)
    more = [row for name in ("delayed-recall", "adding", "temporal-order") for row in _task(name, 5, 5)]
    assert [_judge(rows + MIRROR).verdict for rows in (one, one + more)] == ["supported", "inconclusive"]


def test_networks_just_below_the_line_do_not_make_a_gap() -> None:
    verdict = _judge(_task("copy-memory", 0, 10, score=0.98) + MIRROR)
    assert (verdict.verdict, verdict.rows[0].reason) == ("inconclusive", "scores_disagree")
    assert "mean scores do not agree" in verdict.because["en"]


def test_the_size_of_the_state_stands_beside() -> None:
    rows = [row | {"state_bits": 64 if row["contender"] == "lstm" else 4096} for row in _task("copy-memory", 0, 10)]
    assert _judge(rows + MIRROR).rows[0].details["state_bits"] == {"attention": 4096.0, "recurrent": 64.0}
