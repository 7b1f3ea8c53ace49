"""Memory that runs out on a node, in each way that it does: an error, Ray's monitor, the kernel; together and alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import Comparison, ended
from benchmarks.cluster.hungry import DO, EACH, LIMIT, SEED
from benchmarks.cluster.machines import Machines

_GB = 2**30
_OFF = {"RAY_memory_monitor_refresh_ms": "0"}  # the kernel is first
_IDLE = "import time; held = bytes(1) * (900 * 2**20); time.sleep(10000)"
_QUIET = {"RAY_event_level": "fatal"}  # else a command line cut within a character ends Ray's node with the kill


def error() -> dict[str, Any]:
    """The process may take no more than 2 GB, as by `ulimit -v`; its trials hold 300 MB each, in groups of up to 32."""
    return _starved({LIMIT: "2000"}, None)


def monitor() -> dict[str, Any]:
    """The node has 3 GB, and Ray's own monitor is first. Other processes of the machine, large ones, have Chinese words
    in their command lines: the monitor reports those, cut within a character."""
    short = [sys.executable, "-c", "exec(__import__('os').environ['IDLE'])"]  # what is reported is 100 bytes long
    known = os.environ | {"IDLE": _IDLE}
    others = [subprocess.Popen([*short, " " * k + "数" * 100], env=known) for k in range(3)]
    try:
        return _starved(_QUIET, 3 * _GB)
    finally:
        for other in others:
            other.kill()
            other.wait()


def kernel() -> dict[str, Any]:
    """The node has 3 GB, and the kernel is first."""
    return _starved(_OFF, 3 * _GB)


def alone() -> dict[str, Any]:
    """One trial holds 6 GB: exit code and line, and how many of the others were finished."""
    with tempfile.TemporaryDirectory() as name:
        run = Comparison(Path(name), seeds=20)
        with Machines(1, memory=3 * _GB, settings={EACH: "300", SEED: "110", **_OFF}) as cluster:
            found = ended(run.start("ray", cluster, do=DO))
            return found | {"finished": len(run.finished("ray"))}


def _starved(settings: Mapping[str, str], limit: int | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        run = Comparison(Path(name))
        expected = run.expected()
        with Machines(1, memory=limit, settings={EACH: "300", **settings}) as cluster:
            return ended(run.start("ray", cluster, do=DO)) | run.compared("ray", expected, {})
