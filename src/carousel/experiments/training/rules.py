"""How a trial is trained and when it ends, as descriptions; what all descriptions have in common. No torch here."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of this description's canonical JSON."""
        return digest_of(self.model_dump(mode="json"))


def digest_of(description: dict[str, Any]) -> str:
    """The same of a description as plain data."""
    canonical = json.dumps(description, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class StopRule(Frozen):
    """When a trial ends before its last step: the outcomes of a check, one every `check_every` steps.

    solved: the validation score reached the task's solved threshold at `solved_checks` checks in a row.
    stalled (`patience`; user's files, which have no solved threshold): no better validation score for so many checks.
    """

    check_every: int = 100
    solved_checks: int = 2
    patience: int | None = None


class Training(Frozen):
    """How every trial of the plan is trained: Adam, constant learning rate, gradient norm clipped."""

    steps: int
    batch_size: int = 32
    clip_norm: float = 1.0
    stop: StopRule = StopRule()


class Race(Frozen):
    """What a tuning trial is compared with while it trains, so that it can end once its learning rate can no longer be
    chosen (`training.pruning`). The trials of a race are those of one contender at learning rates that were added
    together.

    number: of the race, 0 for the rates of the plan. rates, seeds: how many, each rate on each seed. solved, steps: how
    many trials of the best rate of the races before this one solved the task, and after how many steps on average.
    """

    number: int = Field(ge=0)
    rates: int = Field(ge=1)
    seeds: int = Field(ge=1)
    solved: int = Field(default=0, ge=0)
    steps: float = Field(default=0.0, ge=0)
