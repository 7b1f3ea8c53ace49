"""The room on a user's file: what margins there are a share of, since its scores have no scale of their own."""

from __future__ import annotations

import math

from carousel.experiments.decision.results import Results, score


def room_above_baseline(results: Results, source: str, whole: str) -> float:
    """Best mean score minus the baseline's, on the whole sequence; 0 where nothing was trained."""
    made = results.evidence.plan.contenders[source]
    trials = [list(results.reporting(whole, contender.spec).values()) for contender in made]
    excess = [math.fsum(score(r) - r["baseline_score"] for r in rows) / len(rows) for rows in trials if rows]
    return max(excess, default=0.0)
