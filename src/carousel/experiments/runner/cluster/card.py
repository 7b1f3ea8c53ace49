"""A task's part of a GPU: how much of it a task may take, and how much one took that had it for itself.

Until a task has said what it took, each gets a whole GPU. Then as many share one as fit, and as there are processors to
keep busy: Ray fills a GPU before it begins another. A task keeps to its part. One that lacks memory there says so, and
from then on half as many share.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch

from carousel.common.errors import CarouselError

_MARGIN = 1.25  # over what was measured: other shapes take other amounts
_MOST = 8  # tasks a GPU, whatever they take: each has a process, which holds memory of its own


class CardLost(Exception):
    """The process's GPU does nothing more; another process may have it."""


class Shares:
    """Of the GPUs of a run, for tasks that train."""

    def __init__(self) -> None:
        self._used: float | None = None
        self._most, self._wanted = _MOST, 1

    @property
    def tasks_a_card(self) -> int:
        """How many share one."""
        return 1 if self._used is None else max(1, min(self._most, self._wanted, int(1 / (_MARGIN * self._used))))

    @property
    def share(self) -> float:
        """Of a GPU, for the next task."""
        return 1 / self.tasks_a_card

    def want(self, tasks: int) -> None:
        """So many tasks a GPU keep all processors busy: more of them on one leave other GPUs idle."""
        self._wanted = max(1, tasks)

    def learn(self, of_card: float) -> None:
        """A task that had a GPU for itself took so much of its memory. The most that any took counts."""
        self._used = max(self._used or 0.0, of_card, 1e-6)

    def lacked(self, share: float) -> None:
        """A task lacked memory in that share."""
        self._most = max(1, min(self._most, round(1 / share) // 2))


def keep_to(share: float) -> None:
    """This process takes no more of its GPU's memory: beyond, torch raises OutOfMemoryError. What driver and libraries
    hold comes on top, and is why a part of the share is left free. Raises CarouselError without Triton, which runs
    networks together; and what torch raises where it finds no GPU."""
    if share > 0:
        if find_spec("triton") is None:
            raise CarouselError("the package triton is not installed there: pip install 'carousel-rnn[gpu]'")
        forbid_tf32()
        torch.cuda.set_per_process_memory_fraction(1.0 if share == 1 else share / _MARGIN)
        torch.cuda.reset_peak_memory_stats()


def forget_what_is_free() -> None:
    """After a group that lacked memory: what torch holds in pieces may keep a smaller one from fitting."""
    torch.cuda.empty_cache()  # nothing where no GPU was used


def forbid_tf32() -> None:
    """It has ten bits of every factor: no processor rounds so."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def check_card(share: float) -> None:
    """After a group that raised. Raises CardLost where the error was of the GPU: whatever comes next in this process
    would fail too, and not by its own fault."""
    if share > 0:
        try:
            torch.cuda.synchronize()
        except RuntimeError as error:
            raise CardLost(str(error)) from error


def used_of_card(share: float) -> float | None:
    """Of its memory, at most, with what driver and libraries hold; None where the task had no GPU for itself."""
    if share < 1:
        return None
    free, whole = torch.cuda.mem_get_info()
    return (whole - free - torch.cuda.memory_reserved() + torch.cuda.max_memory_reserved()) / whole
