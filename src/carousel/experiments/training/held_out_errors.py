"""How far answers are off, on sequences their networks never saw: split conformal prediction (Papadopoulos et al. 2002;
Lei et al. 2018).

What is put about the answers of the network that is taken away comes from the errors of all reporting trials on their
test parts. How well such an interval holds is measured beside it: for each trial the interval is made on the validation
part alone and held against the test part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataTask
from carousel.experiments.data.arrays import Floats
from carousel.experiments.tasks.base import Part

LEVELS = (0.5, 0.8, 0.9, 0.95)


class HeldOut(NamedTuple):
    """A trained network on what it never saw. validation, test: [N, M] how far it is off. predicted, truth: [N, M'] of
    the test part. All in the file's units."""

    validation: Floats
    test: Floats
    predicted: Floats
    truth: Floats


def bands(held: Sequence[HeldOut]) -> list[dict[str, object]]:
    """A band for each of LEVELS, as `results.refitted.Band` describes it, from networks under splits of their own;
    empty where there is none."""
    if not held:
        return []
    tests = np.concatenate([each.test for each in held])
    found = []
    for level in LEVELS:
        covered = [float((each.test <= conformal(each.validation, level)).mean()) for each in held]
        half = conformal(tests, level).tolist()
        found.append({"level": level, "half": half, "coverage": float(np.mean(covered)), "by_split": covered})
    return found


def conformal(errors: Floats, level: float) -> Floats:
    """[M]: of errors [N, M] the ceil((N + 1) level)-th smallest, the largest where there is none. One more error, drawn
    as these were, is not above it with a probability of `level` or more."""
    rank = min(math.ceil((len(errors) + 1) * level), len(errors))
    smallest: Floats = np.sort(errors, axis=0)[rank - 1]
    return smallest


@torch.no_grad()
def held_out(network: Network, task: DataTask) -> HeldOut | None:
    """None where answers have no distance from the truth (piano rolls)."""
    validation, test = _on(network, task, "validation"), _on(network, task, "test")
    return None if validation is None or test is None else HeldOut(validation[0], *test)


def _on(network: Network, task: DataTask, part: Part) -> tuple[Floats, Floats, Floats] | None:
    """Errors, answers and truths of a part."""
    found = []
    for batch in task.batches(part):
        output = network(batch.x, batch.lengths)
        each = task.errors(output, batch), task.values(output, batch), task.values(batch.y, batch)
        if each[0] is None or each[1] is None or each[2] is None:
            return None
        found.append(each)
    errors, predicted, truth = (np.concatenate(column) for column in zip(*found, strict=True))
    return errors, predicted, truth
