"""Shares of successes: Wilson, Clopper-Pearson, the difference of two (Newcombe), and superiority of pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval

Limits = Callable[[float, int, float], Interval]
EVEN = 0.5  # P(A > B) where neither is better


def wilson(successes: float, n: int, alpha: float) -> Interval:
    """Wilson's score interval of a rate; (0, 1) for no trial. Source: Wilson 1927."""
    if n == 0:
        return Interval(0.0, 1.0)
    z2 = NormalDist().inv_cdf(1 - alpha / 2) ** 2
    rate = successes / n
    centre = rate + z2 / (2 * n)
    half = math.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * n)) / n)
    scale = 1 + z2 / n
    return Interval(max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))


def clopper_pearson(successes: float, n: float, alpha: float) -> Interval:
    """Exact interval of a rate; half successes (ties) are allowed. Source: Clopper and Pearson 1934."""
    from scipy import special

    if n == 0:
        return Interval(0.0, 1.0)
    low = special.betaincinv(successes, n - successes + 1, alpha / 2) if successes > 0 else 0.0
    high = special.betaincinv(successes + 1, n - successes, 1 - alpha / 2) if successes < n else 1.0
    return Interval(float(low), float(high))


def clustered(counts: Sequence[tuple[float, int]], alpha: float, least: float = 1.0) -> Interval:
    """Interval of a rate whose successes come in clusters, (successes, n) each: Clopper and Pearson's, from the number
    of independent trials that would vary as much.

    That number is n over the design effect: the variance between clusters over the binomial one, but never below
    `least` (of few successes it is estimated too low). Source: Rao and Scott 1992.
    """
    total, n = math.fsum(k for k, _ in counts), sum(size for _, size in counts)
    effect = max(least, _design_effect(counts, total, n))
    return clopper_pearson(total / effect, n / effect, alpha)


def _design_effect(counts: Sequence[tuple[float, int]], total: float, n: int) -> float:
    clusters = len(counts)
    if clusters < 2 or not 0 < total < n:
        return 1.0
    rate = total / n
    between = clusters / (clusters - 1) * math.fsum((k - rate * size) ** 2 for k, size in counts)
    return between / (n * rate * (1 - rate))


def difference(first: tuple[float, int], second: tuple[float, int], alpha: float, limits: Limits = wilson) -> Interval:
    """Interval of rate(first) - rate(second), each (successes, n): Newcombe's method 10, from two Wilson intervals.

    With `limits=clopper_pearson` joined in the same way from exact intervals: wider, for what must not err more often
    than it says at 10 trials. Unbounded where one of them has no trial. Source: Newcombe 1998.
    """
    if not first[1] or not second[1]:
        return UNBOUNDED
    p, q = first[0] / first[1], second[0] / second[1]
    a, b = limits(*first, alpha), limits(*second, alpha)
    return Interval(
        p - q - math.hypot(p - a.low, b.high - q),
        p - q + math.hypot(a.high - p, q - b.low),
    )


def superiority(wins: Sequence[float], alpha: float) -> Interval:
    """Interval of P(first beats second) from paired comparisons: 1 a win, 0.5 a tie, 0 a loss.

    Clopper and Pearson's, not Wilson's: five wins of five must not decide at 95 % (the exact two-sided p is .0625).
    A half counts as half a success; ties only make the true error smaller.
    """
    return clopper_pearson(math.fsum(wins), len(wins), alpha)
