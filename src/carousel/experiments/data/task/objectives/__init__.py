"""What is asked of a network on the user's file: one objective a kind of file."""

from __future__ import annotations

from carousel.experiments.data.task.objectives.base import Objective
from carousel.experiments.data.task.objectives.classification import Classification
from carousel.experiments.data.task.objectives.pianoroll import PianoRoll
from carousel.experiments.data.task.objectives.values import Forecast, Regression

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "regression": Regression,
    "forecast": Forecast,
    "piano-roll": PianoRoll,
}
