"""A recording that holds only what was asked for, apart from the run that made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from carousel.nn.cells import Cell
from carousel.nn.kernels.base import Request
from carousel.nn.kernels.tape import Recording


class Source(Recording, Protocol):
    """A recording that tells when a backward pass has gone through it."""

    told: Callable[[Any], None] | None


def as_requested(source: Source, cell: Cell, request: Request) -> Recording:
    """The recording itself where everything is kept, since the run holds that anyway; else a copy of the part."""
    return PartialRecording(source, request.names(cell)) if request.records and request.subsamples else source


class PartialRecording:
    """Values are copied at once, derivatives when they arrive; the run's own memory is not held on to."""

    def __init__(self, source: Source, names: tuple[str, ...]):
        self._values = {name: source.value(name).contiguous() for name in names}
        self._gradients: dict[str, Tensor | None] = dict.fromkeys(names)
        source.told = self._take

    def _take(self, source: Recording) -> None:
        self._gradients = {name: source.gradient(name) for name in self._values}

    def value(self, name: str) -> Tensor:
        """[T', B, H]."""
        return self._values[name]

    def gradient(self, name: str) -> Tensor | None:
        """[T', B, H], or None before the backward pass."""
        return self._gradients[name]
