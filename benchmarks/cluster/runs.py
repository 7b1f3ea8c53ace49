"""Runs of the benchmark: a folder, a driver on it, and what its ledger says afterwards."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cluster.sleeping import DO

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan


def driver(folder: Path, address: str, do: str) -> subprocess.Popen[bytes]:
    """Started on a folder that holds a plan."""
    command = [sys.executable, "-m", "benchmarks.cluster.drive", str(folder), address, do]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def driven(plan: Plan, address: str, do: str = DO) -> dict[str, Any]:
    """A plan run to its end: what the driver says, and when each job was finished."""
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name) / "run")
        folder.claim_for(plan)
        said, complaints = (process := driver(folder.path, address, do)).communicate()
        if process.returncode:
            raise SystemExit(complaints.decode()[-2000:])
        ledger = sqlite3.connect(folder.ledger)
        finished = ledger.execute("SELECT finished, kind FROM jobs WHERE state='done' ORDER BY finished").fetchall()
        ledger.close()
        return {**json.loads(said), "finished": finished, "bytes": folder.ledger.stat().st_size}
