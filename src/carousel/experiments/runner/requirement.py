"""What a question asks of a plan, as plain data: planning reads it, and knows no claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Probe = Literal["initial-flow", "onset"]  # of untrained networks: their lag profiles, and the gain where chaos begins
EVERY_BUDGET = frozenset({"quick", "standard", "full"})
FROM_STANDARD = frozenset({"standard", "full"})
FROM_FULL = frozenset({"full"})

# Contenders that more than one claim asks for on the same task.
KEEPERS = "rnn:orthogonal,rnn-relu:identity,lstm:forget-bias-1,lstm:chrono"  # what can solve recall at a random step
DEPTHS = "lstm:forget-bias-1,lstm:forget-bias-1,layers=2,lstm:forget-bias-1,layers=4"
DEEP_PARAMETERS = 20_000  # where 1, 2 and 4 layers can be made equal within 2 % on each of the tasks that ask for them


@dataclass(frozen=True)
class TaskRequirement:
    """A built-in task that is run where the user names no source.

    contenders, lengths, parameters: its own; None: those of the budget and of the request. budgets: which have it.
    sequences: of its training set; None: it draws new ones for ever. label: the source's name, where task and sequences
    do not tell it from another, such as the same task with fewer parameters.
    """

    task: str
    contenders: str | None = None
    lengths: tuple[int, ...] | None = None
    parameters: int | None = None
    budgets: frozenset[str] = EVERY_BUDGET
    sequences: int | None = None
    label: str | None = None

    @property
    def name(self) -> str:
        """Of the source in a plan: "adding-500" where its training set has 500 sequences."""
        return self.label or (self.task if self.sequences is None else f"{self.task}-{self.sequences}")


@dataclass(frozen=True)
class Requirement:
    """What one claim needs in order to be judged.

    tasks            run where no source is named
    memorised        it may also be asked of a task whose test part is its training part (common.names.MEMORISED)
    file_contenders  networks of its own on a user's file: trained only where the claim is named, since in every run on
                     a file they would more than double its time; None: those of the budget
    histories        a user's file is also cut to its last steps, to a half and to a quarter of the longest sequence
    probes           of untrained networks
    """

    claim: str
    tasks: tuple[TaskRequirement, ...]
    memorised: bool = False
    file_contenders: str | None = None
    histories: bool = False
    probes: frozenset[Probe] = frozenset()
