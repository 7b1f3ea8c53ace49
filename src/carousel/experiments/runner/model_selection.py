"""Which learning rate a contender is reported at: chosen from its tuning trials, by validation alone."""

from __future__ import annotations

import math
from typing import Any

Records = list[dict[str, Any]]


def best_rate(by_rate: dict[float, Records]) -> float:
    """The rate that solved most often, then soonest; else the one with the best validation score; then the smallest."""
    return min(by_rate, key=lambda rate: (*_rank(by_rate[rate]), rate))


def _rank(records: Records) -> tuple[float, float, float]:
    solved = [_number(r["steps_to_solved"], math.inf) for r in records if r["outcome"] == "solved"]
    scores = [_number(r["validation_score"], -math.inf) if r["outcome"] != "diverged" else -math.inf for r in records]
    mean_steps = sum(solved) / len(solved) if solved else 0.0
    return -len(solved), mean_steps, -sum(scores) / len(scores)


def _number(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
