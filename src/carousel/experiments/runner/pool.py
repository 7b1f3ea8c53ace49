"""The worker processes of one command: started, watched, replaced when one dies, stopped."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import IO

from carousel.common.errors import CarouselError, FolderConflict
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.memory_kills import kills_for_memory

CANNOT_WRITE = 3  # exit code of a worker: the folder cannot be written to, so no other worker could either
_WORKER = "carousel.experiments.runner.worker"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_SIGKILL = -9  # exit code of a process that it ended; Windows has no such signal
_GIVE_UP_AFTER = 20  # workers that died in a row while no job was finished


class Pool:
    """`size` processes of one thread each; two such are faster than one process of two threads."""

    def __init__(self, folder: RunFolder, ledger: Ledger, size: int):
        self._folder, self._ledger, self._size = folder, ledger, size
        self._workers: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        self._deaths, self._done = 0, 0
        self._kills = kills_for_memory()  # when a worker was last found killed, or at first

    def watch(self) -> None:
        """Give back the jobs of dead workers and start new ones. Raises where no worker could do its work."""
        dead = [worker for worker in self._workers if worker[0].poll() is not None]
        memory = any(process.returncode == _SIGKILL for process, _ in dead) and self._killed_for_memory()
        for process, stderr in dead:
            self._reap(process, stderr, memory and process.returncode == _SIGKILL)
        self._workers = [worker for worker in self._workers if worker not in dead]
        while len(self._workers) < self._size:
            self._workers.append(self._start())

    def nodes(self) -> dict[str, int]:
        """This machine, and its workers."""
        return {platform.node(): self._size}

    def left_out(self) -> dict[str, int]:
        """None: there is no other."""
        return {}

    def stop(self) -> None:
        """End all workers. Their jobs stay marked as running; whoever holds the folder next gives them back."""
        for process, _ in self._workers:
            process.kill()
        for process, stderr in self._workers:
            process.wait()
            _close(process, stderr)
        self._workers = []

    def _start(self) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        stderr = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the worker)
        # -P: not from the working directory
        command = [sys.executable, "-P", "-m", _WORKER, str(self._folder.path), str(self._size)]
        environment = os.environ | _ONE_THREAD | {"PYTHONPATH": import_path()}
        return subprocess.Popen(command, stderr=stderr, stdin=subprocess.PIPE, env=environment), stderr

    def _killed_for_memory(self) -> bool:
        """The kernel has killed since this was last asked: it may have been another process, of the same cgroup."""
        before, self._kills = self._kills, kills_for_memory()
        return self._kills > before

    def _reap(self, process: subprocess.Popen[bytes], stderr: IO[bytes], memory: bool) -> None:
        stderr.seek(0)
        message = stderr.read().decode(errors="replace").strip()
        _close(process, stderr)
        self._ledger.release([process.pid], died=process.returncode != CANNOT_WRITE, memory=memory)
        if process.returncode == CANNOT_WRITE:
            raise FolderConflict(message)
        done = self._ledger.counts()["done"]
        self._deaths = self._deaths + 1 if done == self._done else 1
        self._done = done
        if self._deaths >= _GIVE_UP_AFTER:
            raise CarouselError(_given_up(self._deaths, process.returncode, message, memory))


def _given_up(deaths: int, code: int, message: str, memory: bool) -> str:
    if memory:
        return f"{deaths} workers died in a row, the last killed for lack of memory: free some, or give fewer --workers"
    return f"{deaths} workers died in a row, the last with code {code}: {message}"


def _close(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    stderr.close()
    if process.stdin:
        process.stdin.close()


def import_path() -> str:
    """Where this process found Carousel, so that a worker of a script or notebook runs the same."""
    root = str(Path(__file__).parents[3])  # of the package
    given = os.environ.get("PYTHONPATH", "")
    return given if root == sysconfig.get_path("purelib") else os.pathsep.join([root, *filter(None, [given])])
