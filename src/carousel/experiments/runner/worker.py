"""A worker process: takes pending jobs from the ledger until told to stop. One thread; ends with its parent.

Started as `python -m carousel.experiments.runner.worker FOLDER WORKERS` with a pipe from the parent as standard input:
when that closes, the parent is gone, even by kill -9, on every system. It ignores Ctrl-C, which is the parent's to
handle.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from carousel.common.errors import FolderConflict
from carousel.common.files import writing_to
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.grouping import most_to_claim
from carousel.experiments.runner.jobs import do_jobs, reason_of
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.pool import CANNOT_WRITE
from carousel.experiments.runner.task_loader import Sources
from carousel.nn.kernels.numba.workspace import POOL

_IDLE_SECONDS = 0.05
_IDLE_MEMORY = 2**27  # bytes that the kernel may keep between passes: groups of many sizes would fill its usual limit


def main(folder: Path, workers: int) -> int:
    """Work until the parent is gone or stops this process; workers: how many there are."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_thread()
    run = RunFolder(folder)
    ledger, sources = Ledger(run.ledger), Sources(run)
    try:
        while True:
            first = ledger.first_pending()
            if first is None:
                time.sleep(_IDLE_SECONDS)
            else:
                _work(ledger.claim(os.getpid(), first, most_to_claim(first, sources), workers), run, ledger, sources)
    except FolderConflict as error:
        print(error, file=sys.stderr)
        return CANNOT_WRITE


def prepare_thread() -> None:
    """The thread that calls this trains: alone on its core, and as every worker does."""
    torch.set_num_threads(1)
    POOL.limit = _IDLE_MEMORY
    torch.set_flush_denormal(True)  # denormals slow recurrent backward passes up to twenty times


def _work(entries: Sequence[Entry], run: RunFolder, ledger: Ledger, sources: Sources) -> None:
    """Do a group of jobs. Raises FolderConflict where the folder cannot be written to: then going on is pointless."""
    left = [entry.hash for entry in entries]
    try:
        with writing_to(run.path):
            for name, record in do_jobs([entry.description for entry in entries], run, sources):
                ledger.finish(name, record)  # inside: one that cannot be written down fails the job, not the worker
                left.remove(name)
    except FolderConflict:
        raise
    except Exception as error:
        ledger.raised(left, reason_of(error))


def _end_with_parent() -> None:
    """Wait for the end of standard input: the parent writes nothing into it, and the system closes it when it dies."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
