"""Many inputs of a kind, tried in a process that is replaced where one of them ends it or does not come to an end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fuzz.outcome import HANGS, KEPT, WAITS, Outcome

_STARTS = 600.0  # the first input of a kind waits for its base runs, the first of all for imports
_ROOT = Path(__file__).resolve().parents[2]


def _answers(process: subprocess.Popen[str], seconds: float, waits: float) -> bool:
    """Whether it does within so many seconds of its processor time, and of the clock."""
    until, most = time.monotonic() + waits, _seconds_of(process.pid) + seconds
    while not select.select([process.stdout], [], [], 0.2)[0]:
        if time.monotonic() > until or _seconds_of(process.pid) > most:
            return False
    return True


def _seconds_of(process: int) -> float:
    """Processor time of a process and of those that it has waited for; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Campaign:
    """Tries inputs. Outcomes come in the order of the numbers."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end()
        self._folder.cleanup()

    def outcomes(self, kind: str, seed: int, numbers: Iterable[int]) -> Iterator[Outcome]:
        """One for each number."""
        for number in numbers:
            yield self._try(kind, seed, number)

    def _try(self, kind: str, seed: int, number: int) -> Outcome:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        print(kind, seed, number, file=process.stdin, flush=True)
        begun = kind in self._begun or kind.startswith("planted")
        if not _answers(process, HANGS if begun else _STARTS, WAITS if begun else _STARTS):
            self._end()
            return Outcome(kind, seed, number, "hang", f"no end within {HANGS:g} s", HANGS)
        answer = process.stdout.readline()
        if not answer:
            code = process.wait()
            ended = signal.Signals(-code).name if code < 0 else f"code {code}"
            heard = (Path(self._folder.name) / "noise").read_text(errors="replace")[-3000:]
            self._end()
            return Outcome(kind, seed, number, "abort", f"{ended}: {heard}", 0.0)
        self._begun.add(kind)
        return Outcome(**json.loads(answer))

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            paths = os.pathsep.join((str(_ROOT), str(_ROOT / "src")))
            command = [sys.executable, "-m", "tests.fuzz.trying", self._folder.name]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT, start_new_session=True,
                env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "COLUMNS": "200",
                KEPT: self._folder.name + "/runs"},
            )  # fmt: skip
            self._begun: set[str] = set()
        return self._process

    def _end(self) -> None:
        """With the process of native formats, which is of its session."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    stream.close()  # type: ignore[union-attr]
            self._process = None
        for left in Path(self._folder.name).glob("input"):
            shutil.rmtree(left)
