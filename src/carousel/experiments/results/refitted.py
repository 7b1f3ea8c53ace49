"""What is known of a network that was trained on the whole file: its training, and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from carousel.experiments.columns import Outcome
from carousel.experiments.training.description import Refit


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, frozen=True)


_Share = Annotated[float, Field(ge=0, le=1)]


class Band(_Checked):
    """An interval about an answer (a set of classes), by split conformal prediction.

    level: the share of truths that it is to hold. half: what it reaches to each side, one number an output, in the
    file's units (of classes: what a class's probability may lack of 1 to be in the set). coverage: the share of truths
    it held, of networks and sequences they never saw; by_split: of each split.
    """

    level: float = Field(gt=0, lt=1)
    half: list[Annotated[float, Field(ge=0)]] = Field(min_length=1)
    coverage: _Share
    by_split: list[_Share] = Field(min_length=1)


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
