"""The Jacobians of a recorded run: ds_t / ds_{t-1} over the layer's whole state, exact, from what the tape holds.

s is h, for an LSTM (h, c): S = H, 2 H, or P + H with a projection. Vectors are in the last axis: [B, N, S] is N
vectors for each sequence. Products with a Jacobian cost as much as a step; the matrix is formed where it is asked for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.closed_form import factors
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.trajectory import Trajectory, exact, trajectory
from carousel.nn.cells import ProjectedLSTM


class Recurrence:
    """Every one-step Jacobian of a trajectory: a `Linearisation`."""

    def __init__(self, steps: Trajectory):
        cell = steps.cell
        self._gain, self._carry, self._opened, self._shown = factors(steps)
        if steps.cut.any():
            passes = (~steps.cut).unsqueeze(-1).double()
            self._gain, self._carry = self._gain * passes, self._carry * passes
            self._opened = None if self._opened is None else self._opened * passes
        self._weight = exact(cell.weight_hh)
        self._projection = exact(cell.weight_hr) if isinstance(cell, ProjectedLSTM) else None
        self._dropout = None if steps.dropout is None else steps.dropout.unsqueeze(1)
        self._widths = [steps.values[name].shape[-1] for name in cell.state_names]
        self._blocks = len(cell.blocks)
        self._o = cell.rows("o") if "o" in cell.blocks else slice(0, 0)
        self.lengths = steps.lengths
        self._sequences = torch.arange(len(steps.lengths))

    @property
    def size(self) -> int:
        """S."""
        return sum(self._widths)

    def push(self, rows: Tensor, v: Tensor) -> Tensor:
        """J v: what moving the state before the step by v [B, N, S] does to the state after it, [B, N, S]."""
        h, m = self._parts(v)
        a = self._dropped(h) @ self._weight.T
        written: Tensor = (self._at(self._gain, rows) * a).unflatten(-1, (self._blocks, -1)).sum(-2)
        m = self._at(self._carry, rows) * m + written
        if self._opened is None or self._shown is None:
            return m
        h = self._at(self._opened, rows) * a[..., self._o] + self._at(self._shown, rows) * m
        return torch.cat([h if self._projection is None else h @ self._projection.T, m], dim=-1)

    def pull(self, rows: Tensor, w: Tensor) -> Tensor:
        """J^T w: the adjoint w [B, N, S] of the state after the step, carried to the state before it."""
        h, m = self._parts(w)
        if self._shown is not None:
            h = h if self._projection is None else h @ self._projection
            m = m + self._at(self._shown, rows) * h
        a = self._at(self._gain, rows) * m.tile(self._blocks)
        if self._opened is not None:
            a[..., self._o] += self._at(self._opened, rows) * h
        back, carried = self._dropped(a @ self._weight), self._at(self._carry, rows) * m
        return back + carried if self._opened is None else torch.cat([back, carried], dim=-1)

    def carry(self, v: Tensor) -> Tensor:
        """[T, B]: ln of how much the tangent v of each sequence grew at every step, compiled. v: [B, S] float64 of
        length 1, replaced by what it has become, of length 1 again (0 and -inf where it ended).

        The same as `push` and a division, step by step. Raises BadCall with dropout or a projection.
        """
        from carousel.nn.kernels.numba.jit.tangent import tangents  # numba loads at the first use, not at import

        if self._dropout is not None or self._projection is not None:
            raise BadCall("tangents are carried without dropout and projection", fix="carry them with push")
        none = self._carry[:0]
        opened, shown = (none if part is None else part for part in (self._opened, self._shown))
        factors_ = (self._gain, self._carry, opened, shown, self._weight.T)
        growth, scratch = v.new_empty(self._gain.shape[:2]), v.new_empty(len(self._weight))
        arrays = [each.contiguous().numpy() for each in factors_]
        tangents(*arrays, self._o.start, v.numpy(), scratch.numpy(), growth.numpy())
        return growth

    def matrix(self, rows: Tensor) -> Tensor:
        """[B, S, S]: J itself; its rows are the adjoints of the unit vectors."""
        return self.pull(rows, self.identity())

    def identity(self) -> Tensor:
        """[B, S, S]."""
        return torch.eye(self.size, dtype=torch.float64).expand(len(self._sequences), -1, -1)

    def adjoint_of(self, rows: Tensor, total: Tensor) -> Tensor:
        """[B, S]: the adjoint of the state, h and c moved apart, from the total derivatives that a tape holds.

        The recorded derivative of c takes in c's way through its own step's h, which a move of c alone does not go.
        """
        if self._shown is None:
            return total
        h, c = total.unsqueeze(1).split(self._widths, dim=-1)
        through = h if self._projection is None else h @ self._projection
        return torch.cat([h, c - self._at(self._shown, rows) * through], dim=-1).squeeze(1)

    def _parts(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """What is shown and what is carried: h and c, or h for both."""
        return (v, v) if self._shown is None else v.split(self._widths, dim=-1)

    def _dropped(self, h: Tensor) -> Tensor:
        return h if self._dropout is None else h * self._dropout

    def _at(self, factor_TBn: Tensor, rows: Tensor) -> Tensor:
        return factor_TBn[rows, self._sequences].unsqueeze(1)


def jacobian(tape: Recorded, name: str | None = None, *, step: int, call: int | None = None) -> Tensor:
    """[B, S, S] float64: ds_t / ds_{t-1} at step t of the sequences, t - 1 being the step before in the run's own
    direction; rows are the state after, columns the state before.

    The state is h, for an LSTM h then c. 0 at a reset, NaN where t is padding. A run with interventions is refused.
    tape: what `carousel.record` gives, with `name` of a site and `call` where there are several, or one place of it.
    Raises BadCall for a step outside the run, NotRecorded where states, gates or steps are missing.
    """
    steps = trajectory(one_tape(tape, name, call))
    length = len(steps.order)
    if not 0 <= step < length:
        raise BadCall("no such step", allowed=f"0 .. {length - 1}", got=step)
    found = Recurrence(steps).matrix(steps.rows(step).clamp(min=0))
    return found.masked_fill((step >= steps.lengths).view(-1, 1, 1), torch.nan)
