"""The race of the lab page: what a network reports while it learns, and which of them is said to have learned first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.node import answers

STEPS = 1500  # of a whole race


def raced(entrant: str, seed: int, strides: list[int], length: int = 10) -> list[dict[str, Any]]:
    asked = {"entrant": entrant, "length": length, "seed": seed, "strides": strides}
    (found,) = answers([{"kind": "raced", "given": asked}])
    return list(found)


def test_a_network_learns_and_says_so() -> None:
    before, *after = raced("orthogonal", 1, [25] * 8)
    assert before["step"] == 0 and before["loss"] is None and before["gradientNorm"] is None
    assert before["accuracy"] < 0.4, "of eight keys an untrained network names about one in eight"
    assert [report["step"] for report in after] == list(range(25, 201, 25))
    assert after[0]["loss"] > 0.5 > 0.1 > after[-1]["loss"]
    assert after[-1]["accuracy"] == 1
    assert all(report["gradientNorm"] > 0 for report in after)
    assert all(report["left"][0] == 1 and len(report["left"]) == 10 for report in (before, *after))


def test_a_seed_repeats_and_another_differs() -> None:
    first = raced("open", 1, [5, 5])
    assert raced("open", 1, [5, 5]) == first
    assert raced("open", 2, [5, 5]) != first
    # Strides change what is reported, not what is learned.
    assert raced("open", 1, [10])[-1]["accuracy"] == first[-1]["accuracy"]


Accuracies = list[list[tuple[int, float]]]


@pytest.mark.parametrize(
    ("accuracies", "winner"),
    (
        ([[(100, 0.95)], [(100, 0.9)]], 0),
        ([[(100, 0.9), (200, 1)], [(25, 0.1), (175, 0.96), (200, 0.5)]], 1),
        ([[(100, 1)], [(100, 1)]], 0),
        ([[(100, 1)], [(75, 0.9)]], None),  # the other may learn at 100 yet, or before
        ([[(100, 1)], []], None),
        ([[(100, 0.9)], [(100, 0.9)]], None),
        ([[(STEPS, 0.94)], [(STEPS, 0.1)]], 2),
        ([[(STEPS, 0.94)], [(STEPS - 25, 0.1)]], None),
    ),
)
def test_first_is_told_once_nobody_can_be_earlier(accuracies: Accuracies, winner: int | None) -> None:
    assert answers([{"kind": "won", "given": {"accuracies": accuracies}}]) == [winner]
