"""What a run kept: states and gates of every step, and the total derivative of the loss with respect to each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor

from carousel.common.errors import NotRecorded
from carousel.nn.cells import Cell
from carousel.nn.kernels.run_info import RunInfo


class Recording(Protocol):
    """Where a kernel keeps what it recorded: the steps 0, every, 2 every, ..."""

    def value(self, name: str) -> Tensor:
        """[T', B, H], without a graph; anything at padded steps."""

    def gradient(self, name: str) -> Tensor | None:
        """[T', B, H], anything at padded steps; None where no derivative has reached this run yet."""


class Values(Mapping[str, Tensor]):
    """Named values of steps, each [T, B, H]: `values["c"]` or `values.c`; NaN at padded steps, which have no value.

    `values.grad.c` is the total derivative of the loss with respect to it: through every later step, not only the
    direct part that a fused call's output would show. Asking for what was not kept raises NotRecorded.
    """

    names: tuple[str, ...]

    @abstractmethod
    def gradient(self, name: str) -> Tensor:
        """[T, B, H]: total derivative of the loss with respect to `name` at every step; call `backward()` first."""

    @property
    def grad(self) -> Gradients:
        """The total derivatives by the same names."""
        return Gradients(self)

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_") or name == "names":
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.names]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    __eq__, __hash__ = object.__eq__, object.__hash__  # a run is itself; tensors have no one answer

    def _checked(self, name: str) -> str:
        if name not in self.names:
            kept = ", ".join(self.names) or "nothing"
            raise NotRecorded(f"{name!r} was not recorded (kept: {kept}); ask for it before the run")
        return name


class Gradients(Mapping[str, Tensor]):
    """Total derivatives of the loss by name: `grad["c"]` or `grad.c`, each [T, B, H]."""

    def __init__(self, values: Values):
        self._values = values

    def __getitem__(self, name: str) -> Tensor:
        return self._values.gradient(name)

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._values.gradient(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    __eq__, __hash__ = object.__eq__, object.__hash__


class Tape(Values):
    """What one run of one layer in one direction kept, and the circumstances it ran under."""

    def __init__(self, names: tuple[str, ...], recording: Recording, run: RunInfo, gradients: bool):
        self.names, self.run = names, run
        self._recording, self._gradients = recording, gradients

    def __getitem__(self, name: str) -> Tensor:
        return self._marked(self._recording.value(self._checked(name)))

    def __repr__(self) -> str:
        return f"Tape({', '.join(self.names)}{'; with gradients' if self._gradients else ''})"

    @property
    def cell(self) -> Cell:
        """The cell as it was: see `RunInfo.cell`."""
        return self.run.cell

    def gradient(self, name: str) -> Tensor:
        """[T, B, H]; NaN at padded steps."""
        if not self._gradients:
            raise NotRecorded("gradients were not requested; run again with gradients=True")
        found = self._recording.gradient(self._checked(name))
        if found is None:
            raise NotRecorded("no gradient has reached the tape; call backward() on the loss first")
        return self._marked(found)

    def _marked(self, values: Tensor) -> Tensor:
        valid = self.run.valid
        if valid is None:
            return values
        return values.masked_fill(~valid[:: self.run.every].unsqueeze(-1), torch.nan)
