"""Memory on loan: it comes back by itself, is used again, is bounded, and coming back never waits for a lock."""

from __future__ import annotations

import threading

import numpy as np

from carousel.nn.kernels.numba.workspace import LIMIT_BYTES, Pool

SIZE = 1 << 16


def test_a_block_that_nothing_refers_to_is_used_again() -> None:
    pool = Pool()
    block = pool.take(SIZE)
    held = block.array(0, (16,), np.dtype(np.float32))
    address = block.address
    del block
    assert pool.take(SIZE).address != address  # the array still holds the loan
    del held
    assert pool.take(SIZE).address == address


def test_giving_back_in_the_thread_that_holds_the_lock_does_not_wait_for_itself() -> None:
    """What the garbage collector does when it runs inside `take`."""
    pool = Pool()
    blocks = [pool.take(SIZE), pool.take(SIZE)]
    addresses = {block.address for block in blocks}

    def give_back() -> None:
        with pool._lock:
            blocks.clear()

    thread = threading.Thread(target=give_back, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    again = [pool.take(SIZE), pool.take(SIZE)]
    assert {block.address for block in again} == addresses


def test_idle_memory_is_bounded() -> None:
    pool = Pool()
    pool.limit = 3 * SIZE
    blocks = [pool.take(SIZE) for _ in range(8)]
    blocks.clear()
    assert 0 < pool._bytes <= pool.limit <= LIMIT_BYTES
