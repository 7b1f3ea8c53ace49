"""Memory that is used again: fresh pages cost a training step as much as its arithmetic.

A block taken here goes back by itself when nothing refers to it any more (no array in it, no tensor made from one).
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import lru_cache

import numpy as np

_ALIGNMENT = 64  # bytes: a register never crosses a cache line
LIMIT_BYTES = 1 << 30  # idle memory kept at most

_Raw = tuple[np.ndarray, int]  # bytes, and the first aligned address among them


class Pool:
    """Idle blocks by size; the least recently used go first when they exceed `limit` bytes.

    poison: fill what is handed out with NaN; the tests do, so that nothing uninitialised is ever read.
    """

    def __init__(self, limit: int = LIMIT_BYTES):
        self.limit, self.poison = limit, False
        self._idle: OrderedDict[int, deque[_Raw]] = OrderedDict()
        self._bytes = 0
        self._back: deque[_Raw] = deque()  # given back, not yet among the idle
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        """In a forked child: another thread may have held the lock at that moment."""
        self._lock = threading.Lock()

    def take(self, size: int) -> Block:
        """At least that many bytes, not initialised."""
        block = Block(self, self._pop(_rounded(size)))
        if self.poison:
            block.array(0, (size,), np.dtype(np.uint8))[:] = 0xFF  # NaN in float32 and float64
        return block

    def clear(self) -> None:
        """Give all idle memory back to the system."""
        with self._lock:
            self._back.clear()
            self._idle.clear()
            self._bytes = 0

    def _pop(self, size: int) -> _Raw:
        with self._lock:
            self._sort_in()
            if self._idle.get(size):
                self._bytes -= size
                return self._idle[size].pop()
        raw = np.empty(size + _ALIGNMENT, np.uint8)
        return raw, -(-raw.ctypes.data // _ALIGNMENT) * _ALIGNMENT

    def put(self, raw: _Raw) -> None:
        """Take a block back. Never waits: the garbage collector may call this in the thread that holds the lock, which
        then finds the block at its next turn."""
        self._back.append(raw)
        if self._lock.acquire(blocking=False):
            try:
                self._sort_in()
            finally:
                self._lock.release()

    def _sort_in(self) -> None:
        """What was given back among the idle, the least recently used beyond the limit away. Under the lock."""
        while self._back:
            raw = self._back.popleft()
            size = len(raw[0]) - _ALIGNMENT
            self._idle.setdefault(size, deque()).append(raw)
            self._idle.move_to_end(size)
            self._bytes += size
        while self._bytes > self.limit:
            oldest = next(iter(self._idle))
            if self._idle[oldest]:
                self._idle[oldest].popleft()
                self._bytes -= oldest
            else:
                del self._idle[oldest]


class Block:
    """Memory on loan. address: of its first byte, a multiple of 64."""

    __slots__ = ("_pool", "_raw", "address")

    def __init__(self, pool: Pool, raw: _Raw):
        self._pool, self._raw, self.address = pool, raw, raw[1]

    def array(
        self, offset: int, shape: tuple[int, ...], dtype: np.dtype, strides: tuple[int, ...] | None = None
    ) -> np.ndarray:
        """An array of that shape from that byte on; it keeps the loan. strides: in bytes, None where it is dense."""
        return np.asarray(_View(self, self.address + offset, shape, dtype, strides))

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not finalizing():  # at the interpreter's end the names of this module may be gone
            self._pool.put(self._raw)


class _View:
    """What numpy keeps as the owner of an array in a block."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(
        self, block: Block, address: int, shape: tuple[int, ...], dtype: np.dtype, strides: tuple[int, ...] | None
    ):
        self._block = block
        self.__array_interface__ = {
            "shape": shape, "typestr": dtype.str, "data": (address, False), "version": 3, "strides": strides
        }  # fmt: skip


@lru_cache(maxsize=1024)
def _rounded(size: int) -> int:
    """Up by at most an eighth, so that batches of nearly the same length share blocks."""
    step = max(_ALIGNMENT, 1 << max(0, math.ceil(math.log2(max(size, 1))) - 4))
    return max(_ALIGNMENT, -(-size // step) * step)


POOL = Pool()


class Plan:
    """Where named parts, each a number of elements of one type, are in one block; those of 0 are nowhere."""

    __slots__ = ("dtype", "parts", "size")

    def __init__(self, dtype: np.dtype, **counts: int):
        self.dtype, self.size = dtype, 0
        self.parts: dict[str, tuple[int, int]] = {}
        for name, count in counts.items():
            if count:
                self.parts[name] = self.size, count
            self.size += -(-count * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT

    @property
    def elements(self) -> int:
        """The whole, in elements."""
        return self.size // self.dtype.itemsize


class Arena:
    """A block with the parts of a plan, once for each network of a population. addresses: of the first network's parts,
    by name; stride: bytes from one network's to the next's."""

    __slots__ = ("_block", "_networks", "_plan", "addresses", "stride")

    def __init__(self, plan: Plan, networks: int = 1):
        self._plan, self._networks, self.stride = plan, networks, plan.size
        self._block = POOL.take(networks * plan.size)
        first = self._block.address
        self.addresses = {name: first + at for name, (at, _) in plan.parts.items()}

    @property
    def strides(self) -> dict[str, int]:
        """The stride of every part, by name."""
        return dict.fromkeys(self.addresses, self.stride)

    def whole(self) -> np.ndarray:
        """All parts of all networks as one, flat; it keeps the block."""
        return self._block.array(0, (self._networks * self._plan.elements,), self._plan.dtype)

    def array(self, name: str, shape: tuple[int, ...] | None = None, start: int = 0, network: int = 0) -> np.ndarray:
        """One part of one network, from its element `start` on, in that shape (flat to its end where None); it keeps
        the whole block."""
        at, count = self._plan.parts[name]
        item = self._plan.dtype.itemsize
        return self._block.array(network * self.stride + at + start * item, shape or (count - start,), self._plan.dtype)

    def all(self, name: str, shape: tuple[int, ...], start: int = 0) -> np.ndarray:
        """[P, *shape]: that part of every network."""
        at, _ = self._plan.parts[name]
        item = self._plan.dtype.itemsize
        dense = [item * math.prod(shape[k + 1 :]) for k in range(len(shape))]
        strides = (self.stride, *dense)
        return self._block.array(at + start * item, (self._networks, *shape), self._plan.dtype, strides)
