"""How hard a window is to forecast from: what errors are told in before they are ranked (locally weighted conformal
prediction: Papadopoulos et al. 2008; Lei et al. 2018, section 5.2).

A series that moves more is forecast less well, and so is one at a level that its network was not trained on. Both are
seen in the window itself, before any truth is known.
"""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Singles
from carousel.experiments.data.prepare.prepared import Prepared

_LEAST = 0.1  # of the typical change ahead: a window that does not move at all is no sure thing


def difficulty(x: Floats | Singles, prepared: Prepared) -> Floats:
    """[B, O], outputs as those of `DataTask.errors`, in the file's units: the mean absolute change from step to step,
    times the root of 1 + how many deviations the window's mean is from training's.

    x: [T, B, C] windows as the network of `prepared` sees them.
    """
    columns = prepared.y_channels
    seen = x[:, :, columns].astype(np.float64)
    change = np.abs(np.diff(seen, axis=0, prepend=seen[:1])).mean(axis=0) * prepared.std[columns]
    away = np.abs(seen.mean(axis=0))
    hard = (change + _LEAST * prepared.y_std) * np.sqrt(1 + away)
    repeated: Floats = np.tile(hard, prepared.y.shape[1] // len(columns))
    return repeated
