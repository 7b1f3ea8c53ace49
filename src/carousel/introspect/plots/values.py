"""What a figure shows of a tape, as float64 arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from carousel.introspect.flow.one_tape import Places
from carousel.introspect.plots.downsampling import Array
from carousel.nn.cells import Cell
from carousel.nn.kernels import Tape


class Site(NamedTuple):
    """One layer in one direction: of the call asked for ("rnn.l0[1]"), or of all its calls one after the other in time.

    calls: their tapes.
    """

    name: str
    calls: tuple[Tape, ...]

    @property
    def cell(self) -> Cell:
        """The recurrence: its names, not its weights, which may have changed since."""
        return self.calls[0].run.view

    @property
    def several(self) -> bool:
        """Whether steps are counted through more than one call."""
        return len(self.calls) > 1

    @property
    def length(self) -> int:
        """Steps of the longest sequence, through all the calls."""
        runs = [call.run for call in self.calls]
        return sum(run.length if run.lengths is None else int(run.lengths.max()) for run in runs)

    @property
    def stride(self) -> int:
        """How many steps lie between two that were kept; 1 through several calls, where kept steps are counted."""
        return 1 if self.several else self.calls[0].run.every

    @property
    def valid(self) -> NDArray[np.bool_]:
        """[T, B], False at padded steps."""
        return np.concatenate([_valid(call) for call in self.calls])

    def values(self, name: str) -> Array:
        """[T, B, H]. Raises NotRecorded for what the tape has not."""
        return np.concatenate([array(call[name]) for call in self.calls])

    def gradients(self, name: str) -> Array:
        """[T, B, H]: total derivatives."""
        return np.concatenate([array(call.gradient(name)) for call in self.calls])


def site(tape: Places, name: str | None, call: int | None) -> Site:
    """The place asked for. Raises UnknownName, NotRecorded or BadCall, as the tape does."""
    track = tape.track(name)
    if call is None and len(track.calls) > 1:
        track[track.names[0]]  # refuses calls that have no common time
        return Site(track.name, tuple(track.calls))
    several = len(track.calls) > 1
    return Site(f"{track.name}[{call}]" if several else track.name, (track.single(call),))


def array(values: Tensor) -> Array:
    """float64, on the CPU, without a graph."""
    return values.detach().cpu().double().numpy()


def _valid(call: Tape) -> NDArray[np.bool_]:
    run, valid = call.run, call.run.valid
    if valid is None:
        steps, batch = call[call.names[0]].shape[:2]
        return np.ones((steps, batch), dtype=bool)
    return valid[:: run.every].cpu().numpy()
