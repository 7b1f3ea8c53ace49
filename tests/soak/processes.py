"""How the soak starts a command: as a new process, or forked by the server, which is the same without the imports."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, Protocol

from carousel.experiments.runner import pool

_ROOT = Path(__file__).parents[2]  # where `tests` is found
_SECONDS = 120.0  # for a process to end; a hang is a fault


class Process(Protocol):
    """What of `subprocess.Popen` is used here and by the pool of workers."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class Forked:
    """A process that the server at `path` forked, in a group of its own or that of a command."""

    def __init__(self, path: str, arguments: Sequence[str], streams: Sequence[int], env: Any, group: int):
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(path)
        told = {"arguments": arguments, "environment": dict(env), "group": group, "folder": str(Path.cwd())}
        socket.send_fds(self._connection, [json.dumps(told).encode()], streams)
        self.pid = int(b"".join(iter(lambda: self._connection.recv(1), b"\n")))
        self.stdin: IO[bytes] | None = None

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        if self.returncode is None:
            try:
                return self.wait(0.0)
            except subprocess.TimeoutExpired:
                return None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                answer = self._connection.recv(64)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("a forked process", timeout or 0.0) from None
            self.returncode = int(answer)
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended by itself since
                os.kill(self.pid, 9)


def start_workers_forked(path: Callable[[], str]) -> None:
    """The workers of runs of this process are forked by the server at `path()`, and belong to this process's group."""

    def started(command: Sequence[str], *, stderr: IO[bytes], stdin: int, env: Any) -> Forked:
        assert stdin == subprocess.PIPE
        reading, writing = os.pipe()
        process = Forked(path(), command[1:], (reading, 1, stderr.fileno()), env, os.getpgrp())
        os.close(reading)
        process.stdin = os.fdopen(writing, "wb")
        return process

    pool.subprocess = SimpleNamespace(Popen=started, PIPE=subprocess.PIPE)  # type: ignore[assignment,attr-defined]


class Starter:
    """Starts commands. path: of the server's socket; None: each is a new interpreter."""

    def __init__(self, path: str | None):
        self._path = path

    def start(self, command: Sequence[str], env: Any, said: Path) -> Process:
        """`command`, the first process of a group of its own. said: where its standard error goes."""
        with said.open("wb") as error, Path(os.devnull).open("rb+") as nothing:
            if self._path is None:
                return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=error, env=env, process_group=0)
            return Forked(self._path, command[1:], (nothing.fileno(), nothing.fileno(), error.fileno()), env, 0)


@contextmanager
def starter(env: Any, *, fresh: bool) -> Iterator[Starter]:
    """fresh: without the server, as a user starts a command."""
    if fresh:
        yield Starter(None)
        return
    with server(env) as path:
        yield Starter(path)


@contextmanager
def server(env: Any) -> Iterator[str]:
    """The path of the socket of a server that lives meanwhile."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder:  # a socket's path must be short
        path = str(Path(folder) / "server")
        command = [sys.executable, "-m", "tests.soak.server", path]
        started = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=_ROOT, process_group=0
        )
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == b"ready\n", "the server did not start"
            yield path
        finally:
            started.communicate(timeout=_SECONDS)


def workers_of(command: Process) -> list[int]:
    """The other processes of its group."""
    found = subprocess.run(["pgrep", "-g", str(command.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split() if int(pid) != command.pid]
