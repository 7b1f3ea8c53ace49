"""Two things timed side by side: interleaved pairs, and the median of their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch


class Pair(NamedTuple):
    """ratio: median of other / ours, pair by pair; low, high: its quartiles. Seconds are medians."""

    ratio: float
    low: float
    high: float
    seconds: float
    other_seconds: float


def compare(ours: Callable[[], object], other: Callable[[], object], pairs: int) -> Pair:
    """Time both in turn, after one run of each that does not count."""
    ours(), other()
    times = [(_seconds(ours), _seconds(other)) for _ in range(pairs)]
    ratios = sorted(theirs / mine for mine, theirs in times)
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return Pair(
        statistics.median(ratios), quartiles[0], quartiles[2],
        statistics.median(mine for mine, _ in times), statistics.median(theirs for _, theirs in times),
    )  # fmt: skip


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def peak_flops(size: int = 1024, repeats: int = 9) -> float:
    """Floating-point operations per second of torch's own matrix product at this size: what the machine can do."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    torch.mm(a, b)
    return 2 * size**3 / statistics.median(_seconds(lambda: torch.mm(a, b)) for _ in range(repeats))
