"""Memory of this process: a limit on what it may take beyond what it has, and the peak of what it took."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 2 * 2**30


def limit() -> None:
    """From here on an allocation beyond MOST is a MemoryError."""
    most = status("VmSize") + MOST
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


@contextmanager
def unlimited() -> Iterator[None]:
    """For what is no input: compiled code and a training take their memory once. What was limited is so again after."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        if soft != hard:
            limit()


def forget_peak() -> None:
    """The peak of resident memory begins anew."""
    Path("/proc/self/clear_refs").write_text("5")


def status(name: str) -> int:
    """Bytes of an entry of /proc/self/status."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
