"""Memory that is used again: fresh pages cost a training step as much as its arithmetic.

An array taken here goes back by itself when nothing refers to it any more (no view of it, no tensor made from it).
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict, deque
from functools import lru_cache
from typing import Any

import numpy as np

_ALIGNMENT = 64  # bytes: a register never crosses a cache line
LIMIT_BYTES = 1 << 30  # idle memory kept at most


class Pool:
    """Idle blocks by size; the least recently used go first when they exceed `limit` bytes.

    poison: fill what is handed out with NaN; the tests do, so that nothing uninitialised is ever read.
    """

    def __init__(self, limit: int = LIMIT_BYTES):
        self.limit, self.poison = limit, False
        self._idle: OrderedDict[int, deque[np.ndarray]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        """In a forked child: another thread may have held the lock at that moment."""
        self._lock = threading.Lock()

    def take(self, count: int, dtype: Any) -> np.ndarray:
        """[count] of that dtype, not initialised."""
        dtype = np.dtype(dtype)
        if count == 0:
            return np.empty(0, dtype)
        size = _rounded(count * dtype.itemsize)
        lease = _Lease(self, self._pop(size), count, dtype)
        array = np.asarray(lease)
        if self.poison:
            array.view(np.uint8)[:] = 0xFF  # NaN in float32 and float64
        return array

    def clear(self) -> None:
        """Give all idle memory back to the system."""
        with self._lock:
            self._idle.clear()
            self._bytes = 0

    def _pop(self, size: int) -> np.ndarray:
        with self._lock:
            if self._idle.get(size):
                self._bytes -= size
                return self._idle[size].pop()
        return np.empty(size + _ALIGNMENT, np.uint8)

    def put(self, block: np.ndarray) -> None:
        """Take a block back."""
        size = len(block) - _ALIGNMENT
        with self._lock:
            self._idle.setdefault(size, deque()).append(block)
            self._idle.move_to_end(size)
            self._bytes += size
            while self._bytes > self.limit:
                oldest = next(iter(self._idle))
                if self._idle[oldest]:
                    self._idle[oldest].popleft()
                    self._bytes -= oldest
                else:
                    del self._idle[oldest]


class _Lease:
    """Owns one block while any array looks into it. (numpy keeps the owner of a view alive, not the view's parent.)"""

    __slots__ = ("__array_interface__", "_block", "_pool")

    def __init__(self, pool: Pool, block: np.ndarray, count: int, dtype: np.dtype):
        self._pool, self._block = pool, block
        address = -(-block.__array_interface__["data"][0] // _ALIGNMENT) * _ALIGNMENT
        self.__array_interface__ = {"shape": (count,), "typestr": dtype.str, "data": (address, False), "version": 3}

    def __del__(self) -> None:
        self._pool.put(self._block)


@lru_cache(maxsize=1024)
def _rounded(size: int) -> int:
    """Up by at most an eighth, so that batches of nearly the same length share blocks."""
    step = max(_ALIGNMENT, 1 << max(0, math.ceil(math.log2(max(size, 1))) - 4))
    return max(_ALIGNMENT, -(-size // step) * step)


POOL = Pool()
