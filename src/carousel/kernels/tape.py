"""What a run kept: states and gates of every step, and the total derivative of the loss with respect to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor

from carousel.errors import NotRecorded


class Recording(Protocol):
    """Where a kernel keeps what it recorded."""

    def value(self, name: str) -> Tensor:
        """[T, B, H], without a graph; anything at padded steps."""

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H], anything at padded steps; None where no derivative has reached this run yet."""


class Tape(Mapping[str, Tensor]):
    """Named values of all steps, each [T, B, H]; NaN at padded steps, which have no value.

    `tape["c"]` is the recorded value, `tape.gradient("c")` the total derivative of the loss with respect to it: through
    every later step, not only the direct part that a fused call's output would show.
    """

    def __init__(self, names: tuple[str, ...], recording: Recording, valid: Tensor | None, gradients: bool):
        self._names, self._recording, self._valid, self._gradients = names, recording, valid, gradients

    def __getitem__(self, name: str) -> Tensor:
        return self._marked(self._recording.value(self._checked(name)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Tape({', '.join(self._names)}{'; with gradients' if self._gradients else ''})"

    def gradient(self, name: str) -> Tensor:
        """[T, B, H]: total derivative of the loss with respect to `name` at every step; call `backward()` first."""
        if not self._gradients:
            raise NotRecorded("gradients were not requested; run again with Request(gradients=True)")
        found = self._recording.gradient(self._checked(name))
        if found is None:
            raise NotRecorded("no gradient has reached the tape; call backward() on the loss first")
        return self._marked(found)

    def _checked(self, name: str) -> str:
        if name not in self._names:
            kept = ", ".join(self._names) or "nothing"
            raise NotRecorded(f"{name!r} was not recorded (kept: {kept}); request it with Request(states=, gates=)")
        return name

    def _marked(self, values: Tensor) -> Tensor:
        if self._valid is None:
            return values
        return values.masked_fill(~self._valid.unsqueeze(-1), torch.nan)
