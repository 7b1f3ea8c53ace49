"""How far answers are off, on sequences their networks never saw: split conformal prediction (Papadopoulos et al. 2002;
Lei et al. 2018), of forecasts in units of how hard each window is (section 5.2 there).

What is put about the answers of the network that is taken away comes from errors on the test parts of all reporting
splits. How well such an interval holds is measured beside it: for each split the interval is made on the validation
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
_CHOSEN_AT = 0.9  # of LEVELS
_MOST_WIDER = 1.25  # times


class Errors(NamedTuple):
    """A trained network on a part. off: [N, M] how far each answer is off. predicted, truth: [N, M']. hard: [N, M] how
    hard each was to answer, of forecasts. All in the file's units."""

    off: Floats
    predicted: Floats
    truth: Floats
    hard: Floats | None

    def units(self, local: bool) -> Floats:
        """[N, M] what each error is told in: `hard`, or 1 where intervals are not local."""
        return self.hard if local and self.hard is not None else np.ones_like(self.off)


class HeldOut(NamedTuple):
    """The same on the parts that it was not trained on."""

    validation: Errors
    test: Errors


def bands(held: Sequence[HeldOut]) -> list[dict[str, object]]:
    """A band for each of LEVELS, as `results.refitted.Band` describes it, from networks under splits of their own;
    empty where there is none."""
    if not held:
        return []
    local = is_local(held)
    units = np.concatenate([each.test.units(local) for each in held])
    told = np.concatenate([each.test.off for each in held]) / units
    average = units.mean(axis=0)
    found = []
    for level in LEVELS:
        covered = [float((each.test.off <= reach(each, level, local)).mean()) for each in held]
        half = (conformal(told, level) * average).tolist()
        about = {"level": level, "half": half, "average": average.tolist() if local else None}
        found.append({**about, "coverage": float(np.mean(covered)), "by_split": covered})
    return found


def is_local(held: Sequence[HeldOut]) -> bool:
    """Whether intervals go with how hard a window is: where there are windows, unless such intervals are in the mean
    much wider, of most outputs. They are where a quiet window says nothing of what follows: a night, of the sun.

    Asked of the errors that intervals are made of. Windows overlap, so the rank's promise is not exact for them anyway;
    about sequences, for which it is, nothing is chosen.
    """
    parts = [each.test for each in held]
    if any(part.hard is None for part in parts):
        return False
    widths = []
    for local in (True, False):
        units = np.concatenate([part.units(local) for part in parts])
        told = np.concatenate([part.off for part in parts]) / units
        widths.append(conformal(told, _CHOSEN_AT) * units.mean(axis=0))
    return bool((widths[0] <= _MOST_WIDER * widths[1]).mean() >= 0.5)


def reach(held: HeldOut, level: float, local: bool) -> Floats:
    """[N, M] what the interval of the validation part reaches to each side of the answers on the test part."""
    known = held.validation
    return conformal(known.off / known.units(local), level) * held.test.units(local)


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
    return None if validation is None or test is None else HeldOut(validation, test)


def _on(network: Network, task: DataTask, part: Part) -> Errors | None:
    found, hard = [], []
    for batch in task.batches(part):
        output = network(batch.x, batch.lengths)
        each = task.errors(output, batch), task.values(output, batch), task.values(batch.y, batch)
        if each[0] is None or each[1] is None or each[2] is None:
            return None
        found.append(each)
        hard.append(task.difficulty(batch))
    whole = [one for one in hard if one is not None]
    off, predicted, truth = (np.concatenate(column) for column in zip(*found, strict=True))
    return Errors(off, predicted, truth, np.concatenate(whole) if whole else None)
