"""Slices of a batch on several threads. Compiled code holds no lock, so Python's own threads do."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

_WORTH_A_THREAD = 6e7  # floating-point operations: below it, waking a thread costs what its work saves
_executors: dict[int, ThreadPoolExecutor] = {}


def worthwhile(items: int, operations: float) -> int:
    """Threads that this much work, in so many pieces, is worth."""
    return min(torch.get_num_threads(), items, int(operations / _WORTH_A_THREAD) + 1)


def for_each(run: Callable[[int, int], None], slices: int, operations: float) -> None:
    """run(first, last) over all slices, on as many threads as torch may use where the work is worth it; the caller's
    is one of them."""
    threads = worthwhile(slices, operations)
    if threads == 1:
        run(0, slices)
        return
    waiting = iter(range(slices))  # next() on it is atomic: each slice is taken once

    def work() -> None:
        for k in waiting:
            run(k, k + 1)

    others = [_executor(threads - 1).submit(work) for _ in range(threads - 1)]
    work()
    for other in others:
        other.result()


def _executor(threads: int) -> ThreadPoolExecutor:
    if threads not in _executors:
        _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="carousel")
    return _executors[threads]


os.register_at_fork(after_in_child=_executors.clear)  # a forked child has the pool but none of its threads
