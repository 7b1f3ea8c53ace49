"""An interval, and where it lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """From `low` to `high`; an infinite end says that the data set no limit there."""

    low: float
    high: float

    @classmethod
    def read(cls, ends: Sequence[float | None]) -> Interval:
        """From its form in verdicts.json, where null says that there is no limit."""
        low, high = ends
        return cls(-math.inf if low is None else low, math.inf if high is None else high)

    def as_json(self) -> list[float | None]:
        """The form that `read` takes."""
        return [float(end) if math.isfinite(end) else None for end in self]

    def above(self, value: float) -> bool:
        """Wholly above `value`."""
        return self.low > value

    def below(self, value: float) -> bool:
        """Wholly below `value`."""
        return self.high < value

    def within(self, least: float, most: float) -> Interval:
        """The part of it that the measure can take, least to most; an infinite end stays, as it says "no limit"."""
        low, high = (min(max(end, least), most) if math.isfinite(end) else end for end in self)
        return Interval(low, high)

    def inside(self, margin: float) -> bool:
        """Wholly inside ±`margin`: the two one-sided tests of equivalence (TOST) both reject.

        Each of the two is made at half the interval's error, so this is stricter than the usual TOST, which
        looks at the 90 % interval.
        """
        return self.low > -margin and self.high < margin


UNBOUNDED = Interval(-math.inf, math.inf)


def hull(first: Interval, second: Interval) -> Interval:
    """The smallest interval that holds both."""
    return Interval(min(first.low, second.low), max(first.high, second.high))
