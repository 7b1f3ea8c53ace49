"""The frozen plan of a run: what is trained on what, how it is tuned, when a trial stops. `plan.toml` holds it.

The plan is resolved before anything is trained (hidden sizes, learning rates, seeds are numbers), so that a run can
be continued, repeated or read years later without the program's defaults. No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.rivals.names import RIVALS
from carousel.experiments.runner.model_selection import grid_sizes
from carousel.experiments.training.description import (
    MOST_MEMBERS,
    Contender,
    FileSource,
    Source,
    TaskSource,
    condition_key,
)
from carousel.experiments.training.rules import Frozen, StopRule, Training

__all__ = ["Condition", "Contender", "FileSource", "Group", "Plan", "Source", "StopRule", "TaskSource", "Training"]


SCHEMA_VERSION = 3  # of plan, ledger and columns: 3 since no trial stops for being slow, and grids of rates extend
# Fields that plans have not always had, and what they then meant.
_LATER = {"rivals": {}, "ensemble": 1, "finest_ratio": None, "prunes_tuning": False}
RATE_BOUNDS = (1e-5, 0.3)  # Adam: below nothing moves within a budget, above nothing holds
Group = tuple[str, str]  # a condition's key and a contender's spec: tuned once, reported on seeds of its own number


class Condition(Frozen):
    """A source at one length: T of a built-in task; the history in steps for a file (0: the whole sequence)."""

    source: str
    length: int

    @property
    def key(self) -> str:
        """ "adding/T=100"; the name of the condition in tables, verdicts and figures."""
        return condition_key(self.source, self.length)


class Plan(Frozen):
    """Everything that decides the numbers of a run. Its digest guards the run folder."""

    schema_version: int = SCHEMA_VERSION
    budget: str
    sources: tuple[Source, ...]
    lengths: tuple[int, ...]
    lengths_by_source: dict[str, tuple[int, ...]] = Field(default={})  # of sources that `lengths` is not meant for
    claims: tuple[str, ...] = ()  # that the run is asked for; none: all
    claims_by_source: dict[str, tuple[str, ...]] = Field(default={})  # of sources there for some claims alone
    contenders: dict[str, tuple[Contender, ...]]  # by source name, in the order the user gave
    kernel: str = "auto"
    learning_rates: tuple[float, ...]
    rate_bounds: tuple[float, float] = RATE_BOUNDS  # up to which a grid goes on where its best rate is at its edge
    finest_ratio: float | None = None  # of neighbours, down to which a grid is halved about its best; none: as planned
    tuning_seeds: tuple[int, ...]
    prunes_tuning: bool = False  # a tuning trial ends where its learning rate can no longer be chosen
    reporting_seeds: tuple[int, ...]
    interim_analyses: tuple[int, ...] = ()  # numbers of reporting seeds at which is judged; none: once, at all of them
    untrained_seeds: tuple[int, ...] = tuple(range(10))  # of the networks that are measured before any training
    initial_flow: tuple[str, ...] = ()  # sources on which their lag profiles are measured
    onset: tuple[str, ...] = ()  # sources of whose cells the onset of chaos is measured
    rivals: dict[str, tuple[str, ...]] = Field(default={})  # of files: simple methods, once a split
    ensemble: int = Field(default=1, ge=1, le=MOST_MEMBERS)  # networks trained on the whole file at the end
    training: Training
    training_by_source: dict[str, Training] = Field(default={})  # of sources that `training` does not suit
    parameters: int  # the budget asked for; what each contender really has is in `contenders`

    @model_serializer(mode="wrap")
    def _later_fields_if_set(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what earlier plans had no field for: their digests name the folders of earlier runs."""
        return {name: value for name, value in serialise(self).items() if _LATER.get(name) != value}

    def flaw(self) -> str | None:
        """What in it contradicts itself, as only a plan that was edited can; None where nothing does."""
        names, seeds = [source.name for source in self.sources], (self.tuning_seeds, self.reporting_seeds)
        lengths = [self.lengths, *self.lengths_by_source.values()]
        made = [self.contenders.get(name, ()) for name in names]
        fits = {
            "sources": names and len(set(names)) == len(names),
            "contenders": all(made) and all(c.cell in FAMILY_OF_CELL for each in made for c in each),
            "rivals": all(name in RIVALS for made in self.rivals.values() for name in made)
            and all(source.kind == "file" for source in self.sources if source.name in self.rivals),
            "lengths": all(each and min(each) >= 0 for each in lengths),
            "learning_rates": _distinct(self.learning_rates) and all(0 < r < math.inf for r in self.learning_rates),
            "finest_ratio": self.finest_ratio is None or 1 < self.finest_ratio < math.inf,
            "rate_bounds": 0 < self.rate_bounds[0] <= self.rate_bounds[1] < math.inf,
            "seeds": all(_distinct(each) and 0 <= min(each) <= max(each) < 2**62 for each in seeds),
            "interim_analyses": all(1 <= n <= len(self.reporting_seeds) for n in self.interim_analyses),
            "training": all(
                min(t.steps, t.batch_size, t.stop.check_every, t.stop.solved_checks) > 0
                for t in (self.training, *self.training_by_source.values())
            ),
        }
        return next((name for name, fit in fits.items() if not fit), None)

    def conditions(self) -> list[Condition]:
        """Every source at every length, in order."""
        return [Condition(source=s.name, length=n) for s in self.sources for n in self.lengths_of(s.name)]

    def lengths_of(self, source: str) -> tuple[int, ...]:
        """The lengths that a source is run at."""
        return self.lengths_by_source.get(source, self.lengths)

    def training_of(self, source: str) -> Training:
        """How every trial of a source is trained."""
        return self.training_by_source.get(source, self.training)

    def asks(self, claim: str, source: str | None = None) -> bool:
        """Whether a claim is asked of the run, and of one of its sources where that is named."""
        here = source is None or source not in self.claims_by_source or claim in self.claims_by_source[source]
        return here and (not self.claims or claim in self.claims)

    def only_for(self, claim: str) -> Plan:
        """The plan with the sources alone that are asked for a claim."""
        return self.model_copy(update={"sources": tuple(s for s in self.sources if self.asks(claim, s.name))})

    def source(self, name: str) -> Source:
        """The source of that name."""
        return next(s for s in self.sources if s.name == name)

    @property
    def analyses(self) -> tuple[int, ...]:
        """The numbers of reporting seeds at which is judged, the only one too."""
        return self.interim_analyses or (len(self.reporting_seeds),)

    @property
    def first_analysis(self) -> int:
        """With how many reporting seeds every contender begins; more are added where a verdict is open
        or can still change."""
        return self.analyses[0]

    @property
    def last_analysis(self) -> int:
        """How many a contender may come to have."""
        return self.analyses[-1]

    def count_trials(self) -> int:
        """How many trainings the plan begins with, tuning and reporting; learning rates beyond it come on top."""
        return self.count_groups() * (len(self.learning_rates) * len(self.tuning_seeds) + self.first_analysis)

    @property
    def most_rates(self) -> int:
        """How many learning rates a contender may come to be tried at."""
        return grid_sizes(self.learning_rates, self.rate_bounds, self.finest_ratio)[1]

    @property
    def fewest_rates(self) -> int:
        """How many learning rates every contender is tried at, at least."""
        return grid_sizes(self.learning_rates, self.rate_bounds, self.finest_ratio)[0]

    def count_groups(self) -> int:
        """How many contenders under how many conditions: each is tuned, and reported, once."""
        return sum(len(self.contenders[s.name]) * len(self.lengths_of(s.name)) for s in self.sources)

    def hardest(self, contender: str | None = None) -> Condition:
        """The first source (that has a contender, if one is named) at its longest: the largest T, or a file's whole
        sequence."""
        able = (s.name for s in self.sources if contender in (None, *(c.spec for c in self.contenders[s.name])))
        source = next(able, self.sources[0].name)
        lengths = self.lengths_of(source)
        return Condition(source=source, length=0 if 0 in lengths else max(lengths))

    @property
    def specs(self) -> list[str]:
        """The contenders' names, in the order the user gave, then those of some sources alone."""
        return list(dict.fromkeys(c.spec for made in self.contenders.values() for c in made))


def _distinct(values: Sequence[float]) -> bool:
    return 0 < len(values) == len(set(values))
