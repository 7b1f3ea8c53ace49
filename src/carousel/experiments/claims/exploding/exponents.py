"""Which trained networks are shown to be chaotic and which to be calm, from exponents with a standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from carousel.experiments.claims.exploding.margins import MARGINS
from carousel.experiments.decision.results import is_number
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import t_quantile
from carousel.experiments.tables import TrialRow


class Exponents(NamedTuple):
    """Of all networks those whose exponent was measured with its error, and of these those that are shown to be the
    one or the other (a few may be both: an exponent between 0 and the margin of calm)."""

    measured: int
    chaotic: int
    calm: int


def shown(trials: Iterable[TrialRow], chaos_alpha: float, calm_alpha: float) -> Exponents:
    """chaotic: the lower limit of the exponent is above what a disturbance that grows in proportion to time would give,
    at `chaos_alpha` shared by all networks measured (Bonferroni): one false one among hundreds would refute. calm: the
    upper limit is below the margin, at the whole `calm_alpha`: all of them must be, which is no choice among them.

    A third of a stream of 3 n / 2 steps is not counted. In proportion to time a disturbance triples over the rest, so
    that its exponent reads ln 3 / n though it is 0: an LSTM's carousel with f = 1 does that.
    """
    found = [exponent for exponent in map(_measured, trials) if exponent is not None]
    shared = chaos_alpha / max(1, len(found))
    chaotic = sum(each.limits(shared).above(MARGINS.lyapunov_transient / each.steps) for each in found)
    calm = sum(each.limits(calm_alpha).below(MARGINS.lyapunov_calm) for each in found)
    return Exponents(len(found), chaotic, calm)


class Exponent(NamedTuple):
    """Of one trained network, nats per step: mean and standard error over its streams, and the steps of a stream."""

    mean: float
    se: float
    streams: int
    steps: int

    def limits(self, alpha: float) -> Interval:
        """Student's interval."""
        half = t_quantile(1 - alpha / 2, self.streams - 1) * self.se
        return Interval(self.mean - half, self.mean + half)


def _measured(row: TrialRow) -> Exponent | None:
    mean, se = row.lyapunov_end, row.lyapunov_end_se
    if not (is_number(mean) and is_number(se)):
        return None
    assert row.lyapunov_end_streams is not None and row.lyapunov_end_steps is not None  # they go with the mean
    return Exponent(mean, se, row.lyapunov_end_streams, row.lyapunov_end_steps)
