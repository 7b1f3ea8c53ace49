"""What is done to a running comparison, and how a command may end by it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.soak.disk import Disk
from tests.soak.processes import Process, workers_of

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
DONE, REFUSED, INTERRUPTED = 0, 2, 130
_LONGEST = 60.0  # seconds that a command may take to see that it cannot go on


@dataclass
class Running:
    """A comparison in progress. `folder` changes when it is moved."""

    process: Process
    folder: Path
    disk: Disk
    chance: random.Random


@dataclass(frozen=True)
class Kind:
    """One way to disturb a run. ends: the exit codes of the command by it; None among them: it goes on.

    keeps: finished trials are still there (only someone who removes the folder loses them)."""

    name: str
    do: Callable[[Running], int | None]
    ends: tuple[int | None, ...]
    keeps: bool = True


def kinds(disk: Disk) -> list[Kind]:
    """The fifty of a deck: every kind is in it, the signals three times, the others four or five."""
    several = [kind for number in SIGNALS for kind in _by_signal(number) for _ in range(3)]
    full = Kind("disk full", _fill_disk, (REFUSED, DONE))
    moved = Kind("folder moved", _move, (REFUSED, DONE))
    removed = Kind("folder removed", _remove, (REFUSED, DONE), keeps=False)
    return several + [full] * 5 * disk.can_fill + [moved] * 5 + [removed] * 4


def _by_signal(number: signal.Signals) -> list[Kind]:
    by_it = (INTERRUPTED, -number, DONE) if number == signal.SIGINT else (-number, DONE)
    return [
        Kind(f"{number.name} to a worker", lambda run: _kill_worker(run, number), (None,)),
        Kind(f"{number.name} to the command", lambda run: _kill_command(run, number), by_it),
        Kind(f"{number.name} to all of them", lambda run: _kill_all(run, number), by_it),
    ]


def _kill_worker(run: Running, number: int) -> None:
    workers = workers_of(run.process)
    if workers:
        with suppress(ProcessLookupError):  # it ended by itself since it was listed
            os.kill(run.chance.choice(workers), number)


def _kill_command(run: Running, number: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(run.process.pid, number)
    return run.process.wait(_LONGEST)


def _kill_all(run: Running, number: int) -> int:
    with suppress(ProcessLookupError):
        os.killpg(run.process.pid, number)
    return run.process.wait(_LONGEST)


def _fill_disk(run: Running) -> int:
    with run.disk.full():
        return run.process.wait(_LONGEST)


def _wait_until_held(run: Running) -> None:
    """Moving or removing the folder disturbs a command that has begun to work in it."""
    lock, plan = run.folder / ".lock", run.folder / "plan.toml"
    while run.process.poll() is None:
        if plan.exists() and f":{lock.stat().st_ino} " in Path("/proc/locks").read_text():
            return
        time.sleep(0.01)


def _move(run: Running) -> int:
    """To another name in the same place, as a file manager does."""
    _wait_until_held(run)
    there = run.folder.with_name(f"{run.folder.name}-moved")
    run.folder.rename(there)
    code, run.folder = run.process.wait(_LONGEST), there
    return code


def _remove(run: Running) -> int:
    """Again, where something was written into it meanwhile."""
    _wait_until_held(run)
    while run.folder.exists():
        shutil.rmtree(run.folder, ignore_errors=True)
    return run.process.wait(_LONGEST)
