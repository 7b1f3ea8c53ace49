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
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fuzz.outcome import HANGS, KEPT, Outcome

_STARTS = 300.0  # the first input of a kind waits for its base runs, the first of all for imports
_ROOT = Path(__file__).resolve().parents[2]


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
        patience = HANGS if kind in self._begun or kind.startswith("planted") else _STARTS
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            self._end()
            return Outcome(kind, seed, number, "hang", f"no end within {patience:g} s", patience)
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
