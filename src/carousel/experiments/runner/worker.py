"""A worker process: takes pending jobs from the ledger until told to stop. One thread; ends with its parent.

Started as `python -m carousel.experiments.runner.worker FOLDER` with a pipe from the parent as standard input: when
that closes, the parent is gone, even by kill -9, on every system. It ignores Ctrl-C, which is the parent's to handle.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import torch

from carousel.common.errors import CarouselError, FolderConflict
from carousel.common.files import writing_to
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.jobs import do_job
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.pool import CANNOT_WRITE
from carousel.experiments.runner.task_loader import Sources

_IDLE_SECONDS = 0.05


def main(folder: Path) -> int:
    """Work until the parent is gone or stops this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # denormals slow recurrent backward passes up to twenty times
    run = RunFolder(folder)
    ledger, sources = Ledger(run.ledger), Sources(run)
    try:
        while True:
            entry = ledger.claim(os.getpid())
            if entry is None:
                time.sleep(_IDLE_SECONDS)
            else:
                _work(entry, run, ledger, sources)
    except FolderConflict as error:
        print(error, file=sys.stderr)
        return CANNOT_WRITE


def _work(entry: Entry, run: RunFolder, ledger: Ledger, sources: Sources) -> None:
    """Do one job. Raises FolderConflict where the folder cannot be written to: then going on is pointless."""
    try:
        with writing_to(run.path):
            record = do_job(entry.description, run, sources)
        ledger.finish(entry.hash, record)  # inside: a record that cannot be written down fails the job, not the worker
    except FolderConflict:
        raise
    except CarouselError as error:
        ledger.fail(entry.hash, str(error))
    except Exception:
        ledger.fail(entry.hash, traceback.format_exc())


def _end_with_parent() -> None:
    """Wait for the end of standard input: the parent writes nothing into it, and the system closes it when it dies."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
