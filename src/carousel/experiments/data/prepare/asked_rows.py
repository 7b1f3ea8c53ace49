"""The sequences of a new file as a network is asked about them: whole, their last steps, or each step of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles, spans, starts_of
from carousel.experiments.data.read.order import Times


@dataclass(frozen=True)
class NewRows:
    """x: [R, C] as the network sees it, all sequences concatenated. raw: [R, c] in the file's units, NaN where missing,
    without masks. lengths: [N]. names: [N] of the sequences, by the column `named`. times: [R] or None. steps: [N]
    where each step of a sequence is asked about, its number in it, from 1; else None. own: [N, 2, c] the level and unit
    of each, where series have their own."""

    x: Singles
    raw: Floats
    lengths: Ints
    names: list[str]
    named: str
    times: Times | None
    steps: list[int] | None = None
    own: Floats | None = None

    @property
    def keys(self) -> dict[str, list[str] | list[int]]:
        """The columns that say what each answer is about."""
        return {self.named: self.names, **({} if self.steps is None else {"step": self.steps})}

    @property
    def starts(self) -> Ints:
        """[N] where each begins."""
        return starts_of(self.lengths)

    def last(self, steps: int) -> NewRows:
        """The last steps of each sequence alone."""
        lengths = np.full(len(self.lengths), steps)
        kept = spans(self.starts + self.lengths - steps, lengths)
        times = self.times.take(kept) if self.times is not None else None
        return replace(self, x=self.x[kept], raw=self.raw[kept], lengths=lengths, times=times)

    def every_step(self, window: int) -> NewRows:
        """Each step but the first of its sequence, with the steps up to it, `window` at most."""
        begins, place = np.repeat(self.starts, self.lengths), np.arange(len(self.x))
        ends = place[place > begins]
        starts = np.maximum(begins[ends], ends - window + 1)
        lengths = ends - starts + 1
        kept = spans(starts, lengths)
        sequence = np.repeat(np.arange(len(self.lengths)), self.lengths)[ends]
        times = self.times.take(kept) if self.times is not None else None
        names, steps = [self.names[k] for k in sequence], (ends - begins[ends] + 1).tolist()
        return replace(self, x=self.x[kept], raw=self.raw[kept], lengths=lengths, names=names, times=times, steps=steps)

    def places(self) -> list[tuple[int, int]]:
        """Start and length of each."""
        return list(zip(self.starts.tolist(), self.lengths.tolist(), strict=True))
