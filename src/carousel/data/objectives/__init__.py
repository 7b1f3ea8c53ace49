"""What is asked of a network on the user's file: one objective a kind of file."""

from __future__ import annotations

from carousel.data.objectives.base import Objective
from carousel.data.objectives.classification import Classification
from carousel.data.objectives.pianoroll import PianoRoll
from carousel.data.objectives.values import Forecast, Regression

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "regression": Regression,
    "forecast": Forecast,
    "piano-roll": PianoRoll,
}
