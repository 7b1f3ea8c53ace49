"""What is known of a network that was trained on the whole file: its training, and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from carousel.experiments.columns import Outcome
from carousel.experiments.data.arrays import Floats
from carousel.experiments.training.description import Refit

SCHEMA: Literal[2] = 2  # of contender.json; in 1 an interval reaches as far about each window


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, frozen=True)


_Share = Annotated[float, Field(ge=0, le=1)]


class Band(_Checked):
    """An interval about an answer (a set of classes), by split conformal prediction.

    level: the share of truths that it is to hold. half: what it reaches to each side, one number an output, in the
    file's units (of classes: what a class's probability may lack of 1 to be in the set). average: of forecasts, how
    hard the windows were that it was measured on (`data.task.difficulty`), one number an output: about such a window it
    reaches as far as half, about one twice as hard twice as far; None where it reaches as far about each. coverage: the
    share of truths it held, of networks and sequences they never saw; by_split: of each split.
    """

    level: float = Field(gt=0, lt=1)
    half: list[Annotated[float, Field(ge=0)]] = Field(min_length=1)
    average: list[Annotated[float, Field(gt=0)]] | None = None
    coverage: _Share
    by_split: list[_Share] = Field(min_length=1)

    def reach(self, difficulty: Floats | None) -> Floats:
        """[N, M], or [M] where it is the same about each: what it reaches to each side. difficulty: [N, M] of the
        windows that are answered; None of other kinds."""
        half = np.array(self.half)
        return half if self.average is None or difficulty is None else half * difficulty / self.average


class RefitRecord(_Checked):
    """outcome: "finished", or "diverged". training_score: on all that it learned from. examples: how many those
    are. errors: bands by level."""

    outcome: Outcome
    training_score: float
    examples: int
    errors: list[Band]


@dataclass(frozen=True)
class Refitted:
    """job: its digest, which names its weights."""

    job: str
    description: Refit
    record: RefitRecord
