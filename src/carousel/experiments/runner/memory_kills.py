"""How often the kernel has killed a process for memory, as far as it says: what a process that SIGKILL ended died of.

A cgroup of version 2 says it in memory.events, one of version 1 in memory.oom_control, the whole machine in
/proc/vmstat: each in a line "oom_kill 3". (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_OWN, _VMSTAT = Path("/proc/self/cgroup"), Path("/proc/vmstat")
_GROUPS = Path("/sys/fs/cgroup")


def kills_for_memory() -> int:
    """Of processes in this one's cgroup; of the whole machine where the cgroup does not say; 0 where nobody does."""
    counters = (_count(path) for path in (*_of_the_group(), _VMSTAT))
    return next((kills for kills in counters if kills is not None), 0)


def _of_the_group() -> Iterator[Path]:
    """Where the counter may be: below the path that the process is told, and at the top, which in a container is its
    own group."""
    for line in _lines(_OWN):
        _, kinds, path = line.split(":", 2)
        if not kinds:
            yield _GROUPS / path.lstrip("/") / "memory.events"
        elif "memory" in kinds.split(","):
            yield _GROUPS / "memory" / path.lstrip("/") / "memory.oom_control"
            yield _GROUPS / "memory" / "memory.oom_control"


def _count(path: Path) -> int | None:
    """What the file says of kills; None where it is absent or says nothing of them."""
    return next((int(line.split()[1]) for line in _lines(path) if line.startswith("oom_kill ")), None)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []
