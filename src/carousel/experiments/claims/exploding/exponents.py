"""Which trained networks are shown to be chaotic and which to be calm, from exponents with a standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from carousel.experiments.claims.exploding.margins import MARGINS
from carousel.experiments.decision.results import Record, is_number
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import t_quantile


class Exponents(NamedTuple):
    """Of all networks those whose exponent was measured with its error, and of these those that are shown to be the
    one or the other (a few may be both: an exponent between 0 and the margin of calm)."""

    measured: int
    chaotic: int
    calm: int


def shown(trials: Iterable[Record], chaos_alpha: float, calm_alpha: float) -> Exponents:
    """chaotic: the lower limit of the exponent is above what a disturbance that grows in proportion to time would give,
    at `chaos_alpha` shared by all networks measured (Bonferroni): one false one among hundreds would refute. calm: the
    upper limit is below the margin, at the whole `calm_alpha`: all of them must be, which is no choice among them.

    A third of a stream of 3 n / 2 steps is not counted. In proportion to time a disturbance triples over the rest, so
    that its exponent reads ln 3 / n though it is 0: an LSTM's carousel with f = 1 does that.
    """
    found = [row for row in trials if is_number(row["lyapunov_end"]) and is_number(row["lyapunov_end_se"])]
    shared = chaos_alpha / max(1, len(found))
    chaotic = sum(limits(row, shared).above(MARGINS.lyapunov_transient / row["lyapunov_end_steps"]) for row in found)
    calm = sum(limits(row, calm_alpha).below(MARGINS.lyapunov_calm) for row in found)
    return Exponents(len(found), chaotic, calm)


def limits(row: Record, alpha: float) -> Interval:
    """Student's interval of a trained network's exponent over its streams, nats per step."""
    half = t_quantile(1 - alpha / 2, row["lyapunov_end_streams"] - 1) * row["lyapunov_end_se"]
    return Interval(row["lyapunov_end"] - half, row["lyapunov_end"] + half)
