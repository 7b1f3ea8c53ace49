"""A GPU that is none, for a worker of Ray: torch's calls about it answer from here, and trainings stay on the CPU.

Ray hands out what `--num-gpus` says, whether it is there or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import torch

from carousel.experiments.runner.cluster import card
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.jobs import do_jobs
from carousel.experiments.runner.task_loader import Sources

DO = "tests.support.card:do"
FITS = 1  # networks together in a part of it
_SHARE = [0.0]
_WHOLE, _IN_USE = 1000, 300  # bytes: three tenths with all that is held, so that two tasks fit with a margin

mock.patch.object(card, "find_spec", lambda name: True).start()  # Triton need not be there
for name, answer in {
    "set_per_process_memory_fraction": lambda share: _SHARE.__setitem__(0, share),
    "reset_peak_memory_stats": lambda: None,
    "mem_get_info": lambda: (_WHOLE - _IN_USE, _WHOLE),
    "memory_reserved": lambda: 200,
    "max_memory_reserved": lambda: 200,
    "synchronize": lambda: None,
}.items():
    mock.patch.object(torch.cuda, name, answer).start()


def do(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `do_jobs_on_card`, in a part of it no more than so many together."""
    if 0 < _SHARE[0] < 1 and len(jobs) > FITS:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    for job, record in do_jobs(jobs, folder, sources):
        yield job, {**record, "machine": record["machine"] | {"card": f"{_SHARE[0]:.2f} of one that is none"}}
