"""What one piece of work is: frozen descriptions whose hash names them in the ledger. No torch here.

Two runs of one description give the same numbers, so a finished one is never done twice.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from carousel.common.names import TRANSFORMER
from carousel.experiments.training.rules import Frozen, Race, StopRule, Training, digest_of

_WIDEST = 2**20  # units: more than any budget comes to, so that a description cannot ask for all memory
_MOST_SEQUENCES = 2**20  # the same of a training set that is held whole


class TaskSource(Frozen):
    """A built-in task. With `sequences`, it trains on so many that each trial's seed draws, again and again. `task`:
    the name of the task, where `name` is another, the label of this source ("adding-500", "permutations-narrow")."""

    kind: Literal["task"] = "task"
    name: str
    task: str | None = None
    sequences: int | None = Field(default=None, ge=1, le=_MOST_SEQUENCES)

    @property
    def built_in(self) -> str:
        """The task's own name."""
        return self.task or self.name

    @model_serializer(mode="wrap")
    def _only_its_own(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what an endless source does not have: its digest names trials that were finished before there were
        others."""
        return {name: value for name, value in serialise(self).items() if value is not None}


class FileSource(Frozen):
    """The user's file, as prepared once and stored in the run folder (`data.npz`). `sha256` is that of its content.
    splits: "by-seed" where each reporting seed has a split of its own (`splits/SEED.npz`)."""

    kind: Literal["file"] = "file"
    name: str
    file: str
    sha256: str
    options: dict[str, str | int | float | bool | list[str] | list[float]] = Field(default={})
    splits: Literal["one", "by-seed"] = "one"

    @model_serializer(mode="wrap")
    def _splits_if_several(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what was always so: the digest names trials that were finished before splits could vary."""
        return {name: value for name, value in serialise(self).items() if (name, value) != ("splits", "one")}


Source = Annotated[TaskSource | FileSource, Field(discriminator="kind")]


class Contender(Frozen):
    """One network, sized for one source: `spec` is what the user typed, in normal form. `mlp` and `positions` (rows of
    the table of learned positions) are a Transformer's alone."""

    spec: str
    cell: str
    init: str
    layers: int = Field(ge=1, le=16)
    hidden: int = Field(ge=1, le=_WIDEST)
    parameters: int = Field(ge=1)
    mlp: int | None = Field(default=None, ge=1, le=_WIDEST)
    positions: int | None = Field(default=None, ge=1)

    @model_serializer(mode="wrap")
    def _only_its_own(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what a recurrent network does not have: its digest names trials that were finished before there were
        Transformers."""
        return {name: value for name, value in serialise(self).items() if value is not None}


class Trial(Frozen):
    """One training: a contender on a source at one length, with a learning rate and a seed. race: of a tuning trial
    that may end early."""

    kind: Literal["trial"] = "trial"
    phase: Literal["tuning", "reporting"]
    source: Source
    length: int
    contender: Contender
    learning_rate: float
    seed: int
    training: Training
    kernel: str = "auto"
    race: Race | None = None

    @model_serializer(mode="wrap")
    def _race_if_in_one(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what a reporting trial does not have: its digest names trials that were finished before there were
        races."""
        return {name: value for name, value in serialise(self).items() if (name, value) != ("race", None)}

    @property
    def condition(self) -> str:
        """ "adding/T=100": the source and the length."""
        return condition_key(self.source.name, self.length)

    @property
    def shape(self) -> str:
        """What trials must have in common to be trained as one group: all but initialisation, learning rate, seed,
        phase and race. 16 hexadecimal digits."""
        alike = self.model_dump(mode="json", include={"source", "length", "training", "kernel"})
        alike |= self.contender.model_dump(mode="json", include={"cell", "layers", "hidden", "mlp", "positions"})
        return digest_of(alike | ({"init": self.contender.init} if self.contender.cell == TRANSFORMER else {}))

    @property
    def split(self) -> int | None:
        """The seed whose split of the file it is trained and tested on; None for that of tuning, and for tasks."""
        varies = isinstance(self.source, FileSource) and self.source.splits == "by-seed"
        return self.seed if varies and self.phase == "reporting" else None


class InitialFlow(Frozen):
    """The lag profiles of untrained networks of one contender at one length, a seed each."""

    kind: Literal["initial-flow"] = "initial-flow"
    source: Source
    length: int
    contender: Contender
    seeds: tuple[int, ...]

    @property
    def condition(self) -> str:
        """ "adding/T=100": the source and the length."""
        return condition_key(self.source.name, self.length)


MOST_MEMBERS = 32  # of an ensemble


class Refit(Frozen):
    """The settings that won, trained once more on the whole file: what is taken away. How far its answers may be off is
    measured on networks that did not see the sequences they are tested on: those of the reporting trials.

    trial: the reporting trial that was the best on validation. seeds: of all reporting trials of its group. steps: of
    the training, which has no validation part to stop on. members: how many networks are trained, from the trial's seed
    and those that follow it; more than one are an ensemble.
    """

    kind: Literal["refit"] = "refit"
    trial: Trial
    seeds: tuple[int, ...]
    steps: int = Field(ge=1)
    members: int = Field(default=1, ge=1, le=MOST_MEMBERS)

    @model_serializer(mode="wrap")
    def _members_if_several(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what was always so: the digest names what was finished before there were ensembles."""
        return {name: value for name, value in serialise(self).items() if (name, value) != ("members", 1)}

    @property
    def trials(self) -> list[Trial]:
        """The reporting trials of its group."""
        return [self.trial.model_copy(update={"seed": seed}) for seed in self.seeds]

    @property
    def training(self) -> Training:
        """That of the trials, to a fixed last step."""
        given = self.trial.training
        return given.model_copy(update={"steps": self.steps, "stop": StopRule(check_every=self.steps)})


class OnsetProbe(Frozen):
    """The gain at which untrained networks of one cell become chaotic, a seed each."""

    kind: Literal["onset"] = "onset"
    cell: str
    hidden: int
    seeds: tuple[int, ...]


class RivalTrial(Frozen):
    """A simple method fitted once on a split of the user's file: that of a reporting seed, where splits vary."""

    kind: Literal["rival"] = "rival"
    source: FileSource
    rival: str
    seed: int

    @property
    def condition(self) -> str:
        """The file, whole sequences."""
        return condition_key(self.source.name, 0)

    @property
    def split(self) -> int | None:
        """As that of a reporting trial of its seed."""
        return self.seed if self.source.splits == "by-seed" else None


Job = Annotated[Trial | InitialFlow | OnsetProbe | Refit | RivalTrial, Field(discriminator="kind")]


def shape_of(job: Frozen) -> str | None:
    """The shape of a trial; None for what is done alone."""
    return job.shape if isinstance(job, Trial) else None


def condition_key(source: str, length: int) -> str:
    """ "adding/T=100"; the name of a condition in tables, verdicts and figures. Length 0: the whole sequence."""
    return f"{source}/T={length}" if length else source
