"""Formats whose readers can crash on a damaged file are read in a child process: its end is then one line.

scipy's MATLAB reader ends in a segmentation fault and the table library's Parquet reader in an abort, which no
`except` sees. The child has 8 seconds, 2 GiB and no core file; what it hands back is plain (no pickle).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.read import native_child
from carousel.experiments.data.read.source import Source

# One thread: each would take its share of the address space.
_QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}


def read_in_child(source: Source, kind: str, fix: str, reader: str, *arguments: str) -> bytes:
    """What `reader` of `native_child` makes of the file. BadData where it refuses the file, crashes or takes too long.

    kind: the format, for the message.
    """
    command = [sys.executable, "-P", str(Path(native_child.__file__)), reader, *arguments]
    limit = native_child.MOST_SECONDS
    try:
        done = subprocess.run(
            command, input=source.data, capture_output=True, timeout=limit, env=os.environ | _QUIET, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(source, kind, f"no end within {limit} seconds", fix) from error
    if done.returncode:
        raise _broken(source, kind, _reason(done), fix)
    return done.stdout


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == native_child.REFUSED:
        return done.stderr.decode(errors="replace").strip().splitlines()[-1]
    ended = signal.Signals(-done.returncode).name if done.returncode < 0 else f"code {done.returncode}"
    return f"its reader broke off ({ended})"


def _broken(source: Source, kind: str, reason: str, fix: str) -> BadData:
    return BadData(f"{source.name} cannot be read as {kind}", got=reason, fix=fix)
