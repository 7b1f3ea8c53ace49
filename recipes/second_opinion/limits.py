"""Confidence limits from textbooks, without scipy: Student, Clopper and Pearson, Wilson, Newcombe, the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

import numpy as np

Limits = tuple[float, float]
_TINY = 1e-300
RESAMPLES = 1999  # of the program that is checked; docs/claims.md


def beta_share(x: float, a: float, b: float) -> float:
    """P(X <= x) of a Beta(a, b) variable: Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, 1 / _away_from_0(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_0(1 + step * d)
            c = _away_from_0(1 + step / c)
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * value / a


def _away_from_0(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def student(p: float, freedom: float) -> float:
    """The value that Student's t is below with probability `p`."""

    def share(t: float) -> float:
        tail = beta_share(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
        return 1 - tail if t > 0 else tail

    return solve(lambda t: share(t) - p, -1e6, 1e6)


def solve(f: Callable[[float], float], low: float, high: float) -> float:
    """Where the rising function is 0, by halving until the ends are neighbours."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if f(middle) < 0 else (low, middle)
    return (low + high) / 2


def exact(wins: float, n: float, level: float) -> Limits:
    """Clopper and Pearson 1934, halves and design effects allowed."""
    half = (1 - level) / 2
    low = 0.0 if wins <= 0 else solve(lambda x: beta_share(x, wins, n - wins + 1) - half, 0, 1)
    high = 1.0 if wins >= n else solve(lambda x: beta_share(x, wins + 1, n - wins) - (1 - half), 0, 1)
    return low, high


def wilson(wins: float, n: float, level: float) -> Limits:
    """The rates p that a score test of level `1 - level` does not reject: |wins/n - p| <= z sqrt(p (1-p) / n)."""
    z2, seen = NormalDist().inv_cdf((1 + level) / 2) ** 2, wins / n
    # (1 + z2/n) p^2 - (2 seen + z2/n) p + seen^2 = 0
    a, b, c = 1 + z2 / n, -(2 * seen + z2 / n), seen * seen
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))


def joined(first: float, of_first: Limits, second: float, of_second: Limits) -> Limits:
    """Newcombe 1998, method 10: limits of first - second from the limits of each."""
    value = first - second
    low = value - math.hypot(first - of_first[0], of_second[1] - second)
    return low, value + math.hypot(of_first[1] - first, second - of_second[0])


def rate_difference(
    first: tuple[float, int], second: tuple[float, int], level: float, limits: Callable = wilson
) -> Limits:
    """Newcombe's interval of the difference of two rates, each (wins, n)."""
    return joined(first[0] / first[1], limits(*first, level), second[0] / second[1], limits(*second, level))


def are_one_value(values: Sequence[float]) -> bool:
    """Equal within rounding."""
    return max(values) - min(values) <= 1e-12 * max(1.0, abs(values[0]))


def by_t(values: Sequence[float], level: float) -> Limits:
    """Student's interval of the mean."""
    half = student((1 + level) / 2, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - half, fmean(values) + half


def bca(values: Sequence[float], level: float, slack: float) -> tuple[Limits, Limits]:
    """Efron's BCa limits of the mean from 100,000 resamples of our own.

    The other program has 1,999 resamples of its own. Its limits are order statistics of these, so they lie between
    the quantiles of ours `slack` standard errors of a share below and above: for each end (least, most).
    """
    x = np.asarray(values, dtype=np.float64)
    n, rng, normal = len(x), np.random.default_rng(20_261_129), NormalDist()
    means = np.sort(np.concatenate([x[rng.integers(n, size=(10_000, n))].mean(axis=1) for _ in range(10)]))
    left_out = (x.sum() - x) / (n - 1)
    off = left_out.mean() - left_out
    acceleration = (off**3).sum() / (6 * (off**2).sum() ** 1.5)
    below = ((means < x.mean()).mean() + (means <= x.mean()).mean()) / 2

    def place(z: float, below: float) -> float:
        bias = normal.inv_cdf(min(max(below, 1e-9), 1 - 1e-9))
        return normal.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))

    def end(p: float) -> Limits:
        shaken = slack * math.sqrt(below * (1 - below) / RESAMPLES)
        shares = [place(normal.inv_cdf(p), below + sign * shaken) for sign in (-1, 1)]
        wide = [slack * math.sqrt(max(q * (1 - q), 1 / RESAMPLES) / RESAMPLES) + 1 / RESAMPLES for q in shares]
        least, most = max(min(shares[0] - wide[0], 1), 0), max(min(shares[1] + wide[1], 1), 0)
        return float(np.quantile(means, least)), float(np.quantile(means, most))

    return end((1 - level) / 2), end((1 + level) / 2)


def of_mean(values: Sequence[float], level: float, slack: float = 4.0) -> tuple[Limits, Limits]:
    """The interval of a mean as docs/claims.md has it, each end as (least, most): equal but for the bootstrap's chance.

    Fewer than 10 values: Student. From 10: the smallest interval that holds Student's and BCa's. Values all equal: the
    point, if a sign-flip test of so many could reach the level, else no limit.
    """
    n = len(values)
    if n < 2 or are_one_value(values):
        reachable = n >= 2 and 2.0 ** (1 - n) <= 1 - level + 1e-12
        point = fmean(values)
        return ((point, point), (point, point)) if reachable else ((-math.inf, -math.inf), (math.inf, math.inf))
    low, high = by_t(values, level)
    if n < 10:
        return (low, low), (high, high)
    (low_least, low_most), (high_least, high_most) = bca(values, level, slack)
    return (min(low, low_least), min(low, low_most)), (max(high, high_least), max(high, high_most))


def sign_flip(values: Sequence[float]) -> float:
    """Two-sided p that differences are symmetric about 0: the share of all 2^n patterns of signs as far from 0."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    seen = abs(sum(values))
    return float((np.abs(sums) >= seen - 1e-9 * max(1.0, seen)).mean())
