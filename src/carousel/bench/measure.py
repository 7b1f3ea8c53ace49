"""The whole benchmark: every comparison, the machine's peak, and how the cost grows."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from carousel.bench.cases import (
    OURS,
    SHAPES,
    Case,
    Shape,
    against_loop,
    against_packed,
    against_torch,
    against_unrecorded,
    recorded_against_loop,
)
from carousel.bench.timing import compare, peak_flops

KINDS: dict[str, tuple[Callable[[str, Shape], Case], tuple[str, ...]]] = {
    "torch": (against_torch, ("RNN", "GRU", "LSTM")),
    "packed": (against_packed, ("RNN", "GRU", "LSTM")),
    "loop": (against_loop, ("LSTM",)),
    "recorded": (against_unrecorded, ("RNN", "GRU", "LSTM")),
    "recorded-loop": (recorded_against_loop, ("LSTM",)),
}
_BASE = Shape(200, 32, 2, 64)
_GROWTH: dict[str, tuple[int, ...]] = {
    "steps": (50, 100, 200, 400), "batch": (16, 32, 64, 128), "hidden": (64, 128, 256, 512), "layers": (1, 2, 3, 4),
}  # fmt: skip


def benchmark(
    threads: tuple[int, ...], pairs: int, say: Callable[[dict[str, Any]], None], only: tuple[str, ...] = tuple(KINDS)
) -> dict[str, Any]:
    """Plain data: machine, rows (one a kind, cell, shape and thread count), means, growth. `say` gets each row. only:
    the comparisons to make; growth comes with all of them alone."""
    before, rows = torch.get_num_threads(), []
    try:
        for count in threads:
            torch.set_num_threads(count)
            peak = peak_flops()
            for kind in only:
                make, cells = KINDS[kind]
                for cell in cells:
                    for shape in SHAPES:
                        rows.append(_row(kind, cell, shape, count, peak, make(cell, shape), pairs))
                        say(rows[-1])
        torch.set_num_threads(threads[0])
        growth = {cell: _growth(cell, pairs) for cell in OURS} if set(only) == set(KINDS) else {}
    finally:
        torch.set_num_threads(before)
    return {"machine": _machine(), "rows": rows, "means": _means(rows), "growth": growth}


def _row(kind: str, cell: str, shape: Shape, threads: int, peak: float, case: Case, pairs: int) -> dict[str, Any]:
    found = compare(case.ours, case.other, pairs)
    share = case.flops / found.seconds / peak
    head = {"against": kind, "cell": cell, "shape": str(shape), "threads": threads}
    return (
        head | found._asdict() | {"gflops": case.flops / found.seconds / 1e9, "peak_gflops": peak / 1e9, "share": share}
    )


def _means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By kind, cell and threads: geometric mean and least of the ratios."""
    found: dict[tuple[Any, ...], list[float]] = {}
    for row in rows:
        found.setdefault((row["against"], row["cell"], row["threads"]), []).append(row["ratio"])
    return [
        {"against": kind, "cell": cell, "threads": threads, "mean": math.exp(statistics.fmean(map(math.log, ratios))),
         "least": min(ratios)}
        for (kind, cell, threads), ratios in found.items()
    ]  # fmt: skip


def _growth(cell: str, pairs: int) -> dict[str, Any]:
    """Seconds as each of T, B, H and layers grows alone, and the exponent of a power law fitted to them."""
    found = {}
    for name, values in _GROWTH.items():
        cases = [against_torch(cell, _BASE._replace(**{name: value})) for value in values]
        times = [compare(case.ours, case.other, pairs) for case in cases]
        exponents = {
            who: float(np.polyfit(np.log(values), np.log([getattr(t, field) for t in times]), 1)[0])
            for who, field in (("ours", "seconds"), ("torch", "other_seconds"))
        }
        found[name] = {"values": values, "seconds": [t.seconds for t in times], "exponent": exponents}
    return found


def _machine() -> dict[str, Any]:
    packages = {name: version(name) for name in ("carousel-rnn", "torch", "numba", "llvmlite", "numpy")}
    system = f"{platform.system()} {platform.machine()}"
    return {"system": system, "cores": os.cpu_count(), "python": platform.python_version(), "packages": packages}
