"""`carousel` in a process forked from one that has imported it: for the many commands that compute little."""

from __future__ import annotations

import atexit
import json
import select
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.support.runs import environment

_SECONDS = 300


def forked(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What `carousel(...)` of `tests.support.runs` gives, without importing torch anew."""
    warm = _warm()
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as error:
        told = {"arguments": arguments, "folder": str(cwd or Path.cwd()), "environment": environment()}
        print(json.dumps(told | {"out": out.name, "error": error.name}), file=warm.stdin, flush=True)
        ready, _, _ = select.select([warm.stdout], [], [], _SECONDS)
        assert ready, f"carousel {' '.join(arguments)} did not end in {_SECONDS} s"
        return subprocess.CompletedProcess(arguments, int(warm.stdout.readline()), out.read(), error.read())


@cache
def _warm() -> subprocess.Popen[str]:
    """-P: this folder's modules are not to be found by a user's file."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("warm.py"))]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    atexit.register(started.kill)
    return started
