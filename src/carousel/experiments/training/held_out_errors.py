"""How far answers are off, on sequences their networks never saw: split conformal prediction (Papadopoulos et al. 2002;
Lei et al. 2018).

What is put about the answers of the network that is taken away comes from the errors of all reporting trials on their
test parts. How well such an interval holds is measured beside it: for each trial the interval is made on the validation
part alone and held against the test part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataTask
from carousel.experiments.data.arrays import Floats
from carousel.experiments.tasks.base import Part

LEVELS = (0.5, 0.8, 0.9, 0.95)


def measure_errors(held: Iterable[tuple[Network, DataTask]]) -> list[dict[str, object]]:
    """A band for each of LEVELS, as `results.refitted.Band` describes it. held: trained networks, each with the file
    under its own split; empty where answers have no distance from the truth (piano rolls)."""
    found = [(_errors(*each, "validation"), _errors(*each, "test")) for each in held]
    pairs = [(validation, test) for validation, test in found if validation is not None and test is not None]
    if not pairs:
        return []
    tests = np.concatenate([test for _, test in pairs])
    bands = []
    for level in LEVELS:
        covered = [float((test <= conformal(validation, level)).mean()) for validation, test in pairs]
        half = conformal(tests, level).tolist()
        bands.append({"level": level, "half": half, "coverage": float(np.mean(covered)), "by_split": covered})
    return bands


def conformal(errors: Floats, level: float) -> Floats:
    """[M]: of errors [N, M] the ceil((N + 1) level)-th smallest, the largest where there is none. One more error, drawn
    as these were, is not above it with a probability of `level` or more."""
    rank = min(math.ceil((len(errors) + 1) * level), len(errors))
    smallest: Floats = np.sort(errors, axis=0)[rank - 1]
    return smallest


@torch.no_grad()
def _errors(network: Network, task: DataTask, part: Part) -> Floats | None:
    """[N, M] of a part, in the file's units."""
    found = []
    for batch in task.batches(part):
        errors = task.errors(network(batch.x, batch.lengths), batch)
        if errors is None:
            return None
        found.append(errors)
    return np.concatenate(found)
