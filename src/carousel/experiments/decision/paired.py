"""A row from paired differences: mean, interval, answer, and the seeds that would decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from carousel.experiments.decision.details import Details
from carousel.experiments.decision.rules import EQUIVALENCE, MeanRule, by_superiority
from carousel.experiments.decision.statistics.means import mean_interval, sign_flip_p
from carousel.experiments.decision.statistics.power import seeds_for_mean, smallest_n
from carousel.experiments.decision.statistics.rates import clopper_pearson, superiority
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Effect, Row

SHOWN = 0.05  # intervals are printed at 95 %, whatever the level that decides


def missing_row(where: str, effect: tuple[str, str], **about: Any) -> Row:
    """A row for what was not measured under this condition."""
    return Row(where, "not-tested", "missing", Effect(*effect), 0, **about)


def mean_row(
    where: str,
    effect: tuple[str, str],
    values: Sequence[float],
    margin: float,
    alpha: float,
    overlap: float = 0.0,
    rule: MeanRule = EQUIVALENCE,
    **about: Any,
) -> Row:
    """Judge the mean of paired differences, one a seed, against `margin` by `rule`. overlap: of the
    seeds' splits (results.overlap); the sign-flip test takes independent seeds and is then left out."""
    if not values:
        return missing_row(where, effect, **about)
    mean = math.fsum(values) / len(values)
    verdict, reason = rule.answer(mean_interval(values, alpha, overlap), margin)
    apart = rule.distance(mean, margin)
    needed = seeds_for_mean(values, apart, alpha, overlap) if verdict == "inconclusive" else None
    details: Details = {"level": 1 - alpha, "margin": margin}
    details |= {"overlap": overlap} if overlap else {"p_sign_flip": sign_flip_p(tuple(values))}
    shown = Effect(*effect, mean, mean_interval(values, SHOWN, overlap))
    return Row(where, verdict, reason, shown, len(values), seeds_needed=needed, details=details, **about)


def superiority_row(where: str, effect: tuple[str, str], wins: Sequence[float], alpha: float, **about: Any) -> Row:
    """Judge P(LSTM > RNN) from paired comparisons: 1 a win of the LSTM, 0.5 a tie, 0 a loss."""
    if not wins:
        return missing_row(where, effect, **about)
    value = math.fsum(wins) / len(wins)
    verdict, reason = by_superiority(superiority(wins, alpha))
    needed = _pairs_for_superiority(value, len(wins), alpha) if verdict == "inconclusive" else None
    details: Details = {"level": 1 - alpha, "ties": wins.count(0.5)}
    shown = Effect(*effect, value, superiority(wins, SHOWN))
    return Row(where, verdict, reason, shown, len(wins), seeds_needed=needed, details=details, **about)


def _pairs_for_superiority(value: float, n: int, alpha: float) -> int | None:
    """Pairs at which the same share of wins would decide; half a win is rounded as it comes."""

    def decides(pairs: int) -> bool:
        return by_superiority(clopper_pearson(value * pairs, pairs, alpha)).verdict != "inconclusive"

    return None if value == THRESHOLDS.superiority else smallest_n(decides, n + 1)
