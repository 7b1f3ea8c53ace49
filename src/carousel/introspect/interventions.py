"""Interventions: a gate or state set or held within limits at chosen steps, while the rest of the model runs on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from carousel.common.errors import BadCall


class Intervention(ABC):
    """name: a site and a gate or state of it, "encoder.rnn.l0.f". steps: where in time (t of the sequence; of a *Cell
    module, which of its calls), None for all. units: which of the H, None for all."""

    name: str
    steps: Iterable[int] | None
    units: Any

    @property
    def site(self) -> str:
        """ "encoder.rnn.l0"."""
        return self.name.rpartition(".")[0]

    @property
    def value_name(self) -> str:
        """ "f"."""
        return self.name.rpartition(".")[2]

    @abstractmethod
    def changed(self, value: Tensor) -> Tensor:
        """[B, H] -> [B, H], everywhere."""

    def at(self, value: Tensor) -> Tensor:
        """The change at the chosen units."""
        new = self.changed(value)
        if self.units is None:
            return new
        chosen = torch.zeros(value.shape[-1], dtype=torch.bool, device=value.device)
        chosen[self.units] = True
        return torch.where(chosen, new, value)


@final
@dataclass(frozen=True)
class Set(Intervention):
    """Put `to` in the place of a gate or state: a number, a tensor that fits [B, H], or a function of the value."""

    name: str
    to: float | Tensor | Callable[[Tensor], Tensor] = 0.0
    steps: Iterable[int] | None = None
    units: Any = None

    def changed(self, value: Tensor) -> Tensor:
        if callable(self.to) and not isinstance(self.to, Tensor):
            return self.to(value)
        given = torch.as_tensor(self.to, dtype=value.dtype, device=value.device)
        try:
            return given.expand_as(value)
        except RuntimeError as error:
            raise BadCall(f"the value to set {self.name} to does not fit", allowed=tuple(value.shape),
                          got=tuple(given.shape)) from error  # fmt: skip


@final
@dataclass(frozen=True)
class Clamp(Intervention):
    """Hold a gate or state within low .. high."""

    name: str
    low: float | None = None
    high: float | None = None
    steps: Iterable[int] | None = None
    units: Any = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise BadCall(f"Clamp({self.name!r}) has no limit", allowed="low=, high= or both")

    def changed(self, value: Tensor) -> Tensor:
        return value.clamp(self.low, self.high)


def combined(interventions: list[Intervention]) -> Callable[[int, str, Tensor], Tensor]:
    """The interventions of one site as what a kernel asks at every step."""
    chosen = [(each, None if each.steps is None else frozenset(each.steps)) for each in interventions]

    def intervene(step: int, name: str, value: Tensor) -> Tensor:
        for each, steps in chosen:
            if each.value_name == name and (steps is None or step in steps):
                value = each.at(value)
        return value

    return intervene
