"""What is left of the gradient, going back in time, from the run's own lag profiles.

Before any training, if that tells the advised network from the plain RNN; else at the end of training, if that does. By
the claim's own measure: the lag to which a thousandth is left must be `horizon_ratio` times as long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from carousel.experiments.report.names import conditions
from carousel.experiments.report.tables import lag_profiles
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.plan import Condition

STEPS_BACK = 30
_MOST = 700.0  # of an exponent: no float is larger
Moment = Literal["initialisation", "end"]
MOMENTS: tuple[Moment, ...] = ("initialisation", "end")


@dataclass(frozen=True)
class Kept:
    """What a network keeps of the gradient under one condition, averaged over its networks.

    log_gain: by lag, the logarithm of the share that is left k steps back. horizon: to how many a thousandth is left.
    """

    log_gain: Mapping[int, float]
    horizon: float

    @property
    def back(self) -> int:
        """The lag that sentences speak of: STEPS_BACK, or the longest where that is shorter."""
        return min(STEPS_BACK, max(self.log_gain))

    def left(self, lag: int) -> float:
        """The share that is left so many steps back."""
        return math.exp(min(self.log_gain[lag], _MOST))

    def a_step(self, lag: int) -> float:
        """The share that is left one step back, as the mean over so many: to the power of `lag` it gives `left`."""
        return math.exp(min(self.log_gain[lag] / lag, _MOST))


def kept(evidence: Evidence, condition: Condition, moment: Moment) -> dict[str, Kept]:
    """By contender; those whose profile has no lag but 0, or no horizon, are left out."""
    here = (pl.col("condition") == condition.key) & (pl.col("moment") == moment)
    slopes = lag_profiles.slopes(evidence.slopes.filter(here)).drop_nulls("horizon")
    horizons = dict(slopes.select("contender", "horizon").iter_rows())
    known = pl.col("log_gain").drop_nulls().drop_nans()
    means = evidence.profiles.filter(here).group_by("contender", "lag").agg(known.mean().alias("gain"))
    gains: dict[str, dict[int, float]] = {}
    for contender, lag, gain in means.drop_nulls().sort("contender", "lag").iter_rows():
        gains.setdefault(contender, {})[lag] = gain
    return {spec: Kept(gain, horizons[spec]) for spec, gain in gains.items() if spec in horizons and max(gain) > 0}


def shown_condition(evidence: Evidence) -> Condition | None:
    """The first source with profiles before training, at its longest."""
    measured = set(evidence.profiles.filter(pl.col("moment") == "initialisation")["condition"])
    found = [c for c in conditions(evidence.plan) if c.key in measured]
    return [c for c in found if c.source == found[0].source][-1] if found else None


@dataclass(frozen=True)
class Reason:
    """Where and when the gradients of two networks tell them apart."""

    condition: Condition
    moment: Moment
    kept: Mapping[str, Kept]


def reason(evidence: Evidence, chosen: str, plain: str, ratio: float) -> Reason | None:
    """The moment at which `chosen` keeps the gradient `ratio` times as far back as `plain`; None: at no moment."""
    condition = shown_condition(evidence)
    if condition is None:
        return None
    for moment in MOMENTS:
        found = kept(evidence, condition, moment)
        if {chosen, plain} <= found.keys() and found[chosen].horizon >= ratio * found[plain].horizon > 0:
            return Reason(condition, moment, found)
    return None
