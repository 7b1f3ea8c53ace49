"""Microseconds a step of a stream: one thread.

.venv/bin/python benchmarks/stream.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

import carousel

STEPS, ROUNDS = 2000, 15


def microseconds(step: Callable[[], object]) -> tuple[float, float]:
    """Median and least over rounds."""
    step()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(STEPS):
            step()
        found.append((time.perf_counter() - began) / STEPS * 1e6)
    return statistics.median(found), min(found)


def main() -> None:
    """LSTM, GRU and RNN of 64 units and 8 inputs; 1 stream and 32."""
    torch.set_num_threads(1)
    for name in ("LSTM", "GRU", "RNN"):
        for batch in (1, 32):
            layer = getattr(carousel, name)(8, 64)
            stream, x = layer.stream(batch), torch.randn(batch, 8)
            middle, least = microseconds(lambda stream=stream, x=x: stream.step(x))
            print(f"{name} of 64 units, {batch} stream(s): {middle:.1f} us a step (least {least:.1f})")


if __name__ == "__main__":
    main()
