"""How many seeds claim 4 asks for: of two means, each against a limit, among the networks that solved the task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from carousel.experiments.decision.statistics.power import seeds_for_mean


class Side(NamedTuple):
    """One mean of a rule with two. above: on which side of its limit it supports. each: seeds for one value, as not
    every seed's network solves the task."""

    values: Sequence[float]
    limit: float
    above: bool
    each: float

    @property
    def distance(self) -> float:
        """From the limit to the mean, positive on the supporting side."""
        beyond = math.fsum(self.values) / len(self.values) - self.limit
        return beyond if self.above else -beyond

    def seeds(self, alpha: float) -> int | None:
        """Until its interval clears the limit on the side where the mean lies; None where that is not known."""
        networks = seeds_for_mean(self.values, abs(self.distance), alpha)
        return None if networks is None else math.ceil(networks * self.each)


def seeds_needed(sides: Sequence[Side], alpha: float) -> int | None:
    """Where every mean supports: until all limits are cleared. Else until the first of those that do not is, which
    refutes; the ways to refute share the error (Bonferroni)."""
    against = [side for side in sides if side.distance < 0]
    if against:
        known = [seeds for side in against if (seeds := side.seeds(alpha / len(sides))) is not None]
        return min(known, default=None)
    each = [side.seeds(alpha) for side in sides]
    known = [seeds for seeds in each if seeds is not None]
    return max(known) if len(known) == len(each) else None
