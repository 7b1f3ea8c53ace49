"""The disk a soak runs on: a small file system of its own where this user may mount one, so that it can be full."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SIZE = "48m"


@dataclass(frozen=True)
class Disk:
    """A folder. can_fill: it is a file system of its own."""

    path: Path
    can_fill: bool

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is free inside the block."""
        ballast = self.path / "ballast"
        with ballast.open("wb", buffering=0) as stream:
            for size in (2**20, 2**12, 1):
                _fill(stream.fileno(), bytes(size))
        try:
            yield
        finally:
            ballast.unlink()


def _fill(stream: int, block: bytes) -> None:
    try:
        while True:
            os.write(stream, block)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """An empty disk at `path`: mounted in memory, or, where that is not allowed, a plain folder that is never full."""
    subprocess.run(["umount", "--lazy", str(path)], capture_output=True, check=False)  # of a soak that was killed
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(path)]
    mounted = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield Disk(path, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
