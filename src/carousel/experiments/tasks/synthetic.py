"""What every built-in task shares: sequences drawn for ever, and fixed ones held out."""

from __future__ import annotations

from typing import ClassVar

import torch

from carousel.common.errors import BadPlan
from carousel.experiments.tasks.base import Batch, Part, Task

_HELD_OUT = {
    "training": 1_000_003,
    "validation": 2_000_003,
    "test": 3_000_017,
}  # seeds far from those of trials
_SIZE = {"training": 512, "validation": 512, "test": 1024}


class SyntheticTask(Task):
    """A task that can draw as many sequences of length T as one likes."""

    shortest: ClassVar[int] = 2
    longest_allowed: ClassVar[int] = 1_000_000  # a batch of it is gigabytes

    def __init__(self, length: int):
        if length < self.shortest:
            raise BadPlan(
                f"task {self.name!r} needs longer sequences",
                allowed=f"at least {self.shortest}",
                got=f"length {length}",
                fix=f"--lengths {self.shortest}, or longer",
            )
        if length > self.longest_allowed:
            allowed, got = f"at most {self.longest_allowed}", f"length {length}"
            raise BadPlan(f"task {self.name!r} needs shorter sequences", allowed=allowed, got=got)
        self.length = length

    def held_out(self, part: Part, n: int | None = None) -> Batch:
        """The same sequences at each call, never drawn by a trial's own generator."""
        generator = torch.Generator().manual_seed(_HELD_OUT[part])
        return self.sample(generator, _SIZE[part] if n is None else n)
