"""Which stretch of the past a trained network uses: the test score lost when a block of steps is of another sequence.

The steps at lags [a, b) before the last one are replaced by those at the same lags of another test sequence, drawn at
random. So the block keeps the values, the spread and the order that such blocks have, and says nothing of this sequence
(permutation importance: Breiman 2001, Machine Learning 45; for a group of inputs at once). The training mean in its
place would be a flat stretch as no sequence has: a network may answer to that, and not to what is missing.

What a block costs is what the rest of the sequence cannot make up for: neighbouring steps often tell the same, so a
block that costs nothing is not one that tells nothing.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from carousel.experiments.columns import Occluded
from carousel.experiments.contenders.base import Network
from carousel.experiments.tasks.base import AT_ONCE, Batch, Task

SEQUENCES = 512  # of the test part, at most
DRAWS = 4  # of other sequences; the mean is kept
_SEED = 2_000_029  # keeps these draws apart from those of data and weights


def lag_blocks(length: int) -> list[tuple[int, int]]:
    """[a, b) that cover lags 0 to length - 1, each as long as all before it: 0, 1, 2-3, 4-7, ..."""
    ends = [0, 1]
    while ends[-1] < length:
        ends.append(min(2 * ends[-1], length))
    return list(pairwise(ends))


def measure_occlusion(network: Network, task: Task, seed: int) -> list[Occluded]:
    """What each block of lags costs.

    None of a task with an answer at every step: there is no last one to count the lags from.
    """
    if task.readout == "every":
        return []
    batch = task.held_out("test", SEQUENCES)
    lengths = batch.lengths if batch.lengths is not None else torch.full((batch.x.shape[1],), len(batch.x))
    generator = torch.Generator().manual_seed(seed + _SEED)
    whole = _score(network, task, batch, batch.x)
    rows = []
    for first, end in lag_blocks(task.length):
        donors = [_others(lengths, first, end, generator) for _ in range(DRAWS)]
        scores = [_score(network, task, batch, replaced(batch.x, lengths, first, end, other)) for other in donors]
        drop = whole - math.fsum(scores) / DRAWS
        count = int((donors[0] != torch.arange(len(lengths))).sum())
        known = drop if math.isfinite(drop) and count else None
        rows.append(Occluded(lag_from=first, lag_to=end, sequences=count, score_drop=known))
    return rows


def replaced(x_TBI: Tensor, lengths: Tensor, first: int, end: int, others: Tensor) -> Tensor:
    """[T, B, I] with the steps at lags [first, end) of each sequence b taken from sequence others[b] at the same lags;
    where others[b] is b, and where a sequence does not reach so far back, as it was."""
    lag_TB = lengths - 1 - torch.arange(len(x_TBI))[:, None]
    inside = (lag_TB >= first) & (lag_TB < end)
    step_TB = (lengths[others] - 1 - lag_TB).clamp(0, len(x_TBI) - 1)
    return torch.where(inside[..., None], x_TBI[step_TB, others], x_TBI)


def _others(lengths: Tensor, first: int, end: int, generator: torch.Generator) -> Tensor:
    """[B] for each sequence another that reaches as far back into the block, all of them alike likely; itself where
    there is none."""
    reach = lengths.clamp(max=end)
    order = reach.argsort(descending=True, stable=True)
    rank = order.argsort()
    able = torch.searchsorted(-reach[order], -reach, right=True)  # how many reach so far; they are first in the order
    drawn = (torch.rand(len(lengths), generator=generator, dtype=torch.float64) * (able - 1)).long()
    drawn += drawn >= rank  # all but itself
    found = (able > 1) & (lengths > first)
    return torch.where(found, order[torch.where(found, drawn, 0)], torch.arange(len(lengths)))


def _score(network: Network, task: Task, batch: Batch, x_TBI: Tensor) -> float:
    # The batch itself stays: a forecast is scored from the value that was really seen last.
    at_once = max(1, AT_ONCE // len(x_TBI))
    lengths = [None] * len(x_TBI[0]) if batch.lengths is None else batch.lengths.split(at_once)
    with torch.no_grad():
        outputs = [network(x, n) for x, n in zip(x_TBI.split(at_once, dim=1), lengths, strict=False)]
        return task.score(torch.cat(outputs), batch)
