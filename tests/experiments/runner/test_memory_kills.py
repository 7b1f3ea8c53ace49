"""What a worker that SIGKILL ended died of, as far as the kernel's counters tell."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from carousel.common.errors import CarouselError
from carousel.experiments.runner import memory_kills, pool
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.memory_kills import kills_for_memory
from carousel.experiments.runner.tuning import first_jobs
from tests.support.runs import small_plan

PLAN = small_plan()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a file of the kernel."""
    monkeypatch.setattr(memory_kills, "_OWN", tmp_path / "self")
    monkeypatch.setattr(memory_kills, "_VMSTAT", tmp_path / "vmstat")
    monkeypatch.setattr(memory_kills, "_GROUPS", tmp_path / "groups")

    def write(path: str, content: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)

    return write


def test_of_whom_the_kernel_says_nothing_none_was_killed(told: Callable[[str, str], None]) -> None:
    assert kills_for_memory() == 0
    told("self", "0::/\n")
    told("vmstat", "pgfault 9\n")
    assert kills_for_memory() == 0


@pytest.mark.parametrize(("own", "path"), [
    ("0::/system.slice/ray.service\n", "system.slice/ray.service/memory.events"),
    ("0::/\n", "memory.events"),
    ("9:name=systemd:/\n4:cpu,memory:/job/7\n0::/\n", "memory/job/7/memory.oom_control"),
    ("4:memory:/docker/5f8b\n0::/\n", "memory/memory.oom_control"),
])  # fmt: skip
def test_the_cgroup_is_believed_before_the_machine(told: Callable[[str, str], None], own: str, path: str) -> None:
    told("vmstat", "pgfault 9\noom_kill 21\nswap_ra 1\n")
    told("self", own)
    assert kills_for_memory() == 21
    told(f"groups/{path}", "oom 4\noom_kill_disable 0\noom_kill 3\n")
    assert kills_for_memory() == 3


class _Killed(pool.Pool):
    """Workers that are killed as they start, and counted as the kernel would."""

    kills = 0
    by_the_kernel = True

    def _start(self) -> tuple[subprocess.Popen[bytes], tempfile._TemporaryFileWrapper[bytes]]:  # type: ignore[override]
        first = self._ledger.first_pending()
        assert first is not None
        process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
        self._ledger.claim(process.pid, first)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _Killed.kills += self.by_the_kernel
        return process, tempfile.TemporaryFile()  # type: ignore[return-value]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(PLAN)
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(list(first_jobs(PLAN))[:1])
    return ledger


@pytest.mark.parametrize("by_the_kernel", [True, False])
def test_a_job_that_was_killed_for_memory_says_so(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, by_the_kernel: bool
) -> None:
    monkeypatch.setattr(pool, "kills_for_memory", lambda: _Killed.kills)
    monkeypatch.setattr(_Killed, "by_the_kernel", by_the_kernel)
    workers = _Killed(RunFolder(tmp_path / "run"), ledger, 1)
    for _ in range(3):
        workers.watch()
    with pytest.raises(AssertionError):  # nothing is pending: the job was given up with the third worker
        workers.watch()
    (failed,) = ledger.entries("failed")
    assert ("killed for lack of memory" in (failed.error or "")) == by_the_kernel
    ledger.close()


def test_workers_that_die_in_a_row_tell_it_too(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "kills_for_memory", lambda: _Killed.kills)
    monkeypatch.setattr(pool, "_GIVE_UP_AFTER", 2)
    workers = _Killed(RunFolder(tmp_path / "run"), ledger, 1)
    workers.watch()
    workers.watch()
    with pytest.raises(CarouselError, match="2 workers died in a row, the last killed for lack of memory: free some"):
        workers.watch()
    ledger.close()
