"""The batches of a group of networks: those that train on the same sequences draw them once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from carousel.experiments.tasks.base import Batch, Task
from carousel.experiments.tasks.losses import NOT_ASKED
from carousel.experiments.training.device import CPU


class Draws:
    """Training batches of each network's task, by its seed. What a network is given depends on its own task and seed
    alone: they are drawn on the CPU wherever they go."""

    def __init__(self, tasks: Sequence[Task], seeds: Sequence[int], batch_size: int, device: torch.device = CPU):
        self._device = device
        self._size, self._readout, self._longest = batch_size, tasks[0].readout, max(task.length for task in tasks)
        self._keys = [(id(task), seed) for task, seed in zip(tasks, seeds, strict=True)]
        self._tasks = dict(zip(self._keys, tasks, strict=True))
        self._generators = {key: torch.Generator().manual_seed(key[1]) for key in self._tasks}

    def keep_only(self, networks: Sequence[int]) -> None:
        """Let all others leave."""
        self._keys = [self._keys[network] for network in networks]

    def next(self) -> tuple[Batch, Batch]:
        """What the networks are run on: x [P, T, B, I] and lengths [P, B], or [T, B, I] and [B] where all share them;
        and the same batch with the population's axis everywhere, for the losses."""
        drawn = {key: self._tasks[key].sample(self._generators[key], self._size) for key in dict.fromkeys(self._keys)}
        batches = _alike(list(drawn.values()), self._longest if self._readout == "every" else 0, self._readout)
        if len(batches) == 1:
            batch = batches[0].to(self._device)
            return batch, batch.as_population(len(self._keys))
        where = {key: k for k, key in enumerate(drawn)}
        rows = torch.tensor([where[key] for key in self._keys])
        x, y = (_rows(torch.stack(field), rows) for field in zip(*((b.x, b.y) for b in batches), strict=True))
        lengths = [batch.lengths for batch in batches if batch.lengths is not None]
        together = Batch(x, y, _rows(torch.stack(lengths), rows) if lengths else None).to(self._device)
        return together, together


def _rows(values: Tensor, rows: Tensor) -> Tensor:
    return values if len(values) == len(rows) else values[rows]


def _alike(batches: list[Batch], longest: int, readout: str) -> list[Batch]:
    """Padded to as many steps: the longest there is, alone too, so that no sum over steps depends on who else trains
    ("every"), or the longest of these; with lengths where any has them."""
    steps = max(longest, *(len(batch.x) for batch in batches))
    if all(len(batch.x) == steps and (batch.lengths is None) == (batches[0].lengths is None) for batch in batches):
        return batches
    return [_padded(batch, steps, readout) for batch in batches]


def _padded(batch: Batch, steps: int, readout: str) -> Batch:
    had, count = batch.x.shape[:2]
    lengths = torch.full((count,), had) if batch.lengths is None else batch.lengths
    y = batch.y
    if readout == "every":
        y = pad(y, (0, 0) * (y.dim() - 1) + (0, steps - had), value=0 if y.is_floating_point() else NOT_ASKED)
    return Batch(pad(batch.x, (0, 0, 0, 0, 0, steps - had)), y, lengths)
