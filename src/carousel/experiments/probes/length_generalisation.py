"""How a trained network scores on sequences longer than any it was trained on: shown, judged by no claim."""

from __future__ import annotations

import math
from itertools import repeat

import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.tasks import TASKS, Task, task
from carousel.experiments.tasks.random_labels import RandomLabels

TIMES = (2, 4)
SEQUENCES, AT_ONCE = 256, 64  # in parts: 64 sequences of 4 T take a network no more memory than the test at T does


def measure_longer(network: Network, trained: Task) -> dict[str, float]:
    """Test scores at 2 T and 4 T, columns of `columns.Probed`; none for what is no built-in task, for a
    table of random labels, or for a network that runs no longer sequences (learned positions)."""
    if TASKS.get(trained.name) is not type(trained) or isinstance(trained, RandomLabels) or network.longest is not None:
        return {}
    return {f"score_{k}t": _score(network, task(trained.name, k * trained.length)) for k in TIMES}


def _score(network: Network, longer: Task) -> float:
    """A score that is no finite number is that of knowing nothing, as of a training that diverged."""
    batch = longer.held_out("test", SEQUENCES)
    lengths = repeat(None) if batch.lengths is None else batch.lengths.split(AT_ONCE)
    with torch.no_grad():
        found = [network(*part) for part in zip(batch.x.split(AT_ONCE, dim=1), lengths, strict=False)]
    score = longer.score(torch.cat(found, dim=0 if longer.readout == "last" else 1), batch)
    return score if math.isfinite(score) else longer.metric.chance
