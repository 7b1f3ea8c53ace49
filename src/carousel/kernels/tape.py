"""What a run kept: states and gates of every step, and the total derivative of the loss with respect to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from carousel.errors import NotRecorded


class Tape(Mapping[str, Tensor]):
    """Named values of all steps, each [T, B, H]; NaN at padded steps, which have no value.

    `tape["c"]` is the recorded value, `tape.gradient("c")` the total derivative of the loss with respect to it: through
    every later step, not only the direct part that a fused call's output would show.
    """

    def __init__(self, steps: dict[str, list[Tensor]], valid: Tensor | None, gradients: bool):
        self._steps, self._valid, self._gradients = steps, valid, gradients

    def __getitem__(self, name: str) -> Tensor:
        return self._marked(torch.stack([s.detach() for s in self._named(name)]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def gradient(self, name: str) -> Tensor:
        """[T, B, H]: total derivative of the loss with respect to `name` at every step; call `backward()` first."""
        if not self._gradients:
            raise NotRecorded("gradients were not requested; run again with Request(gradients=True)")
        steps = self._named(name)
        if all(s.grad is None for s in steps):
            raise NotRecorded("no gradient has reached the tape; call backward() on the loss first")
        return self._marked(torch.stack([torch.zeros_like(s) if s.grad is None else s.grad for s in steps]))

    def _named(self, name: str) -> list[Tensor]:
        if name not in self._steps:
            kept = ", ".join(self._steps) or "nothing"
            raise NotRecorded(f"{name!r} was not recorded (kept: {kept}); request it with Request(states=, gates=)")
        return self._steps[name]

    def _marked(self, values: Tensor) -> Tensor:
        if self._valid is None:
            return values
        return values.masked_fill(~self._valid.unsqueeze(-1), torch.nan)
