"""An LSTM's cell as a weighted sum of its candidates: how much of each step is in each later one."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.forget_path import log_carried
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.trajectory import Trajectory, trajectory
from carousel.nn.cells import LSTM, LSTM1997, CoupledLSTM, ProjectedLSTM


class EffectiveWeights:
    """w_{t,j} = i_j prod_{k=j+1..t} f_k of one sequence of L true steps; t and j are steps of the sequence.

    For a run in reverse, what comes before t are the steps behind it. 0 for steps that are not in c_t.
    """

    def __init__(self, steps: Trajectory):
        self._length, self._reverse = int(steps.lengths[0]), steps.reverse
        values = {name: steps.values[name][: self._length, 0] for name in ("i", "g")}
        self._log_i, self._g = values["i"].log(), values["g"]
        self._log_f = log_carried(steps)[: self._length, 0]
        self._initial = steps.previous["c"][0, 0]

    def at(self, t: int) -> Tensor:
        """[L, H] float64: w_{t,j} for every j."""
        row = self._row(t)
        weights = torch.zeros_like(self._log_i)
        weights[: row + 1] = (self._log_i[: row + 1] + self._kept(row)[1:]).exp()
        return weights.flip(0) if self._reverse else weights

    @property
    def map(self) -> Tensor:
        """[L, L] float64: the mean over units of w_{t,j}; row t, column j, like a map of attention."""
        return torch.stack([self.at(t).mean(dim=-1) for t in range(self._length)])

    def rebuilt(self, t: int) -> Tensor:
        """[H] float64: c_t = sum_j w_{t,j} g_j and what is left of the initial c; it must be the recorded one."""
        g = self._g.flip(0) if self._reverse else self._g
        return (self.at(t) * g).sum(dim=0) + self._kept(self._row(t))[0].exp() * self._initial

    def _kept(self, row: int) -> Tensor:
        """[row + 2, H]: at j + 1, ln of f_{j+1} ... f_row; at 0, of all from the first."""
        sums = self._log_f[: row + 1].flip(0).cumsum(dim=0).flip(0)
        return torch.cat([sums, torch.zeros_like(sums[:1])])

    def _row(self, t: int) -> int:
        if not 0 <= t < self._length:
            raise BadCall("no such step in the sequence", allowed=f"0 .. {self._length - 1}", got=t)
        return self._length - 1 - t if self._reverse else t


def effective_weights(
    tape: Recorded, name: str | None = None, *, sequence: int = 0, call: int | None = None
) -> EffectiveWeights:
    """The weights of the candidates g_j in c_t, of one sequence of the batch (Levy et al. 2018).

    Comparable with a map of attention, but that a gate knows nothing of what comes later. By sums of logarithms: long
    products do not underflow before their end. Raises BadCall for a cell that is no LSTM and for a sequence that the
    batch has not; NotRecorded where states, gates or steps are missing.
    """
    found = one_tape(tape, name, call)
    if not isinstance(found.cell, LSTM | LSTM1997 | CoupledLSTM | ProjectedLSTM):
        raise BadCall("effective weights are those of an LSTM's cell state", allowed="LSTM, its variants",
                      got=found.cell.name)  # fmt: skip
    return EffectiveWeights(trajectory(found, [sequence]))
