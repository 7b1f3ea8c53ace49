"""The frozen plan of a run: what is trained on what, how it is tuned, when a trial stops. `plan.toml` holds it.

The plan is resolved before anything is trained (hidden sizes, learning rates, seeds are numbers), so that a run can
be continued, repeated or read years later without the program's defaults. No torch here.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of this description's canonical JSON."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class TaskSource(Frozen):
    """A built-in task."""

    kind: Literal["task"] = "task"
    name: str


class FileSource(Frozen):
    """The user's file, as prepared once and stored in the run folder (`data.npz`)."""

    kind: Literal["file"] = "file"
    name: str
    path: str
    sha256: str
    options: dict[str, str | int | float | bool | list[str]] = {}


Source = Annotated[TaskSource | FileSource, Field(discriminator="kind")]


class Contender(Frozen):
    """One network, sized for one source: `spec` is what the user typed, in normal form."""

    spec: str
    cell: str
    init: str
    layers: int
    hidden: int
    parameters: int


class StopRule(Frozen):
    """When a trial ends before its last step. Looked at every `check_every` steps.

    solved: the validation score reached the task's line for solved at `solved_checks` checks in a row.
    hopeless: from step `hopeless_from` on, the mean training loss of the last `check_every` steps is above
    `hopeless_above` times the loss of chance.
    patience (user's files, where there is no line for solved): no better validation score for so many checks.
    """

    check_every: int = 100
    solved_checks: int = 2
    hopeless_from: int = 700
    hopeless_above: float = 0.97
    patience: int | None = None


class Training(Frozen):
    """How every trial of the plan is trained: Adam, constant learning rate, gradient norm clipped."""

    steps: int
    batch_size: int = 32
    clip_norm: float = 1.0
    stop: StopRule = StopRule()


class Condition(Frozen):
    """A source at one length: T of a built-in task; the history in steps for a file (0: the whole sequence)."""

    source: str
    length: int

    @property
    def key(self) -> str:
        """"adding/T=100"; the name of the condition in tables, verdicts and figures."""
        return f"{self.source}/T={self.length}" if self.length else self.source


class Plan(Frozen):
    """Everything that decides the numbers of a run. Its digest guards the run folder."""

    schema_version: int = 1
    budget: str
    sources: tuple[Source, ...]
    lengths: tuple[int, ...]
    contenders: dict[str, tuple[Contender, ...]]  # by source name, in the order the user gave
    kernel: str = "auto"
    learning_rates: tuple[float, ...]
    tuning_seeds: tuple[int, ...]
    reporting_seeds: tuple[int, ...]
    flow_seeds: int = 10  # networks measured untrained, for the lag profile and the onset of chaos
    training: Training
    parameters: int  # the budget asked for; what each contender really has stands beside it

    def conditions(self) -> list[Condition]:
        """Every source at every length, in order."""
        return [Condition(source=s.name, length=n) for s in self.sources for n in self.lengths]

    @property
    def specs(self) -> list[str]:
        """The contenders' names, in the order the user gave."""
        return [c.spec for c in next(iter(self.contenders.values()))]
