"""The contract of a rival: fitted on the training part, its one setting chosen on the validation part."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles
from carousel.experiments.rivals.examples import Examples

Predict = Callable[[Ints], Floats]
Features = Callable[[Ints], Singles]
_AT_ONCE = 4096  # examples whose features are in memory together


class Fitted(NamedTuple):
    """predict: of examples [n] the targets, as `Prepared.y` holds them [n, O]; of classes a number for each
    [n, classes], the largest being the answer; of piano rolls the chance of each key, frame after frame [F, keys].
    setting: what was chosen, "period=24"; empty where nothing was. fitted_on: training examples that were used."""

    predict: Predict
    setting: str
    fitted_on: int


Fit = Callable[[Examples, int], Fitted]  # an integer: the seed, of what is drawn


def in_blocks(predict: Predict) -> Predict:
    """The same, a few thousand examples at a time."""

    def found(rows: Ints) -> Floats:
        blocks = [predict(rows[at : at + _AT_ONCE]) for at in range(0, len(rows), _AT_ONCE)]
        return np.concatenate(blocks)

    return found
