"""How a trained network scores on sequences longer than any it was trained on: shown, judged by no claim."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from carousel.models.base import Network
from carousel.tasks import TASKS, Task, task
from carousel.tasks.random_labels import RandomLabels

TIMES = (2, 4)
SEQUENCES, AT_ONCE = 256, 64  # in parts: 64 sequences of 4 T take a network no more memory than the test at T does


def measure_longer(network: Network, trained: Task) -> dict[str, float]:
    """Test scores at 2 T and 4 T, columns that stand in `study.probe_columns`; none for what is no built-in task, for a
    table of random labels, or for a network that runs no longer sequences (learned positions)."""
    if TASKS.get(trained.name) is not type(trained) or isinstance(trained, RandomLabels) or network.longest is not None:
        return {}
    return {f"score_{k}t": _score(network, task(trained.name, k * trained.length)) for k in TIMES}


def _score(network: Network, longer: Task) -> float:
    """A score that is no finite number is that of knowing nothing, as of a training that diverged."""
    batch = longer.held_out("test", SEQUENCES)
    columns = torch.arange(batch.x.shape[1]).split(AT_ONCE)
    with torch.no_grad():
        found = [network(batch.x[:, c], _of(batch.lengths, c)) for c in columns]
    score = longer.score(torch.cat(found, dim=0 if longer.readout == "last" else 1), batch)
    return score if math.isfinite(score) else longer.metric.chance


def _of(lengths: Tensor | None, columns: Tensor) -> Tensor | None:
    return None if lengths is None else lengths[columns]
