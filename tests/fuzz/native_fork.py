"""The child processes of `carousel.experiments.data.read.native`, each forked from one that has imported the readers.

What runs in a fork is `native_child.main` as it is, with its limits and its exit codes; only the imports are spared.
The process that forks has computed nothing, so that no library has threads by then.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_SERVER = "import sys; sys.path.insert(0, {root!r}); from tests.fuzz.native_fork import serve; serve()"


class NativeFork:
    """Stands in for `subprocess.run`. `used`: the greatest resident memory, in bytes, and the seconds of processor time
    since it was last asked."""

    def __enter__(self) -> Self:
        root = str(Path(__file__).resolve().parents[2])
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER.format(root=root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | quiet,
        )  # fmt: skip
        self._folder = tempfile.TemporaryDirectory()
        self._peak, self._seconds = 0, 0.0
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()  # type: ignore[union-attr]
        self._folder.cleanup()

    def used(self) -> tuple[int, float]:
        found = self._peak, self._seconds
        self._peak, self._seconds = 0, 0.0
        return found

    def run(self, command: list[str], *, input: bytes, timeout: float, **_: Any) -> subprocess.CompletedProcess[bytes]:
        """What `subprocess.run` gives for the command of `read_in_child`."""
        files = {name: str(Path(self._folder.name) / name) for name in ("in", "out", "err")}
        Path(files["in"]).write_bytes(input)
        assert self._server.stdin is not None and self._server.stdout is not None
        print(json.dumps({"arguments": command[3:], "seconds": timeout, **files}), file=self._server.stdin, flush=True)
        code, self._peak, seconds = json.loads(self._server.stdout.readline())
        self._seconds += seconds
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(
            command, code, Path(files["out"]).read_bytes(), Path(files["err"]).read_bytes()
        )


def serve() -> None:
    """Fork for each line until standard input ends."""
    import polars  # noqa: F401
    import scipy.io  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status, used = os.wait4(child, 0)
        told = os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024, used.ru_utime + used.ru_stime
        print(json.dumps(told), file=answers, flush=True)


def _become(told: dict[str, Any]) -> None:
    from carousel.experiments.data.read import native_child

    for number, name, flags in ((0, "in", os.O_RDONLY), (1, "out", os.O_RDWR | os.O_CREAT | os.O_TRUNC),
                                (2, "err", os.O_RDWR | os.O_CREAT | os.O_TRUNC)):  # fmt: skip
        opened = os.open(told[name], flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    signal.alarm(int(told["seconds"]))
    sys.stdin, sys.argv = open(0, "rb", closefd=False), ["", *told["arguments"]]  # noqa: SIM115
    sys.stdin = os.fdopen(0, "r", closefd=False)
    code = 1
    try:
        code = native_child.main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
