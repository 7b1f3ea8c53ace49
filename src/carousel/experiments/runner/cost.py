"""What a training costs compared with another, for the order of work and the time left. It decides no number of a run.

A model of the CPU time of a training step on the compiled kernels, one thread, standard budget (15 tasks and lengths,
1 to 4 layers, 1,124 to 20,000 parameters, batches of 32 and 512): within a factor of 2 of what was measured in each.
"""

from __future__ import annotations

from math import sqrt

from carousel.common.names import TRANSFORMER
from carousel.experiments.runner.plan import Plan
from carousel.experiments.training.description import Contender, Trial

_FIXED = 30  # what a training step costs whatever the length: as much as 30 time steps of the unit below
_UNIT_PARAMETERS, _UNIT_BATCH = 6600, 32
_A_LAYER_MORE = 0.25
_ATTENTION, _PER_STEP_SEEN = 3.0, 1 / 40  # a Transformer's step over a recurrent one's; it looks back on all others


def cost(plan: Plan, trial: Trial) -> float:
    """Rough relative cost of a training that runs to its last step."""
    length = trial.length or 2 * max(plan.lengths) or 1  # a whole sequence is longer than any history of it
    return trial.training.steps * _of_step(trial.contender, length, trial.training.batch_size)


def _of_step(contender: Contender, length: int, batch: int) -> float:
    size = batch / _UNIT_BATCH * sqrt(contender.parameters / _UNIT_PARAMETERS)
    one = (_FIXED + length * size) * (1 + _A_LAYER_MORE * (contender.layers - 1))
    return one * (_ATTENTION + length * _PER_STEP_SEEN) if contender.cell == TRANSFORMER else one
