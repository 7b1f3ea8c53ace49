"""The path that the cell itself keeps open: the product of its forget gates (of a GRU's update gates), unit by unit."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.lags import LagProfile, averaged, longest_lag, rows_before
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.tape_profile import Direction, profile_of
from carousel.introspect.flow.trajectory import Trajectory, exact, trajectory
from carousel.nn.cells import GRU, LSTM1997, Cell


class CellPath(NamedTuple):
    """path: ln of the mean product of gates by lag, what the carousel alone would carry. profile: the full lag profile,
    through every way from one state to the next. Both in nats."""

    path: LagProfile
    profile: LagProfile


def cell_path(
    tape: Recorded,
    name: str | None = None,
    *,
    call: int | None = None,
    direction: Direction = "loss",
    generator: Generator | None = None,
) -> CellPath:
    """The cell's own path compared with the full lag profile.

    path at lag k: ln of the mean over units of f_{T-k+1} ... f_T, by sums of logarithms; z for a GRU, 0 nats for the
    LSTM of 1997, which has no forget gate. -inf across a reset. direction, generator: as in `lag_profile`.
    Raises BadCall for an Elman cell, which has no such gate, and what `lag_profile` raises.
    """
    found = one_tape(tape, name, call)
    _checked_gate(found.cell)
    steps = trajectory(found)
    return CellPath(averaged(_path(steps), steps.lengths), profile_of(found, steps, direction, generator))


def time_scales(tape: Recorded, name: str | None = None, *, call: int | None = None) -> Tensor:
    """[H] float64: for how many steps each unit keeps what it holds, -1 / ln of its gate's geometric mean.

    The gate is f, for a GRU z; the mean is over all true steps that were recorded, so a tape of that gate alone, or of
    every tenth step, will do. inf where the gate is 1 throughout, and for the LSTM of 1997, which never forgets.
    After one time scale 1/e is left (Tallec, Ollivier 2018, for constant gates).
    Raises BadCall for an Elman cell; NotRecorded where the gate was not recorded.
    """
    found = one_tape(tape, name, call)
    gate = _checked_gate(found.cell)
    if gate is None:
        return torch.full((found.cell.hidden_size,), torch.inf, dtype=torch.float64)
    logs = exact(found[gate]).log()
    valid = found.run.valid
    if valid is not None:
        logs = logs[valid[:: found.run.every].cpu()]
    return 1 / logs.flatten(0, -2).mean(dim=0).abs()


def carrying_gate(cell: Cell) -> str | None:
    """The gate that multiplies the old state: z of a GRU, f of an LSTM; None where there is none."""
    return "z" if isinstance(cell, GRU) else "f" if "f" in cell.gate_names else None


def _checked_gate(cell: Cell) -> str | None:
    """The same; None where the old state is kept whole. Raises BadCall for a cell that does not keep it."""
    gate = carrying_gate(cell)
    if gate is None and not isinstance(cell, LSTM1997):
        raise BadCall("this cell has no gate that carries its state", allowed="an LSTM (f) or a GRU (z)", got=cell.name)
    return gate


def log_carried(steps: Trajectory) -> Tensor:
    """[T, B, H]: ln of what each unit keeps of its old state at each step; -inf where nothing passes."""
    gate = _checked_gate(steps.cell)
    logs = torch.zeros_like(steps.values["o"]) if gate is None else steps.values[gate].log()
    return logs.masked_fill(steps.cut.unsqueeze(-1), -torch.inf)


def _path(steps: Trajectory) -> Tensor:
    """[K, B]."""
    logs, lengths = log_carried(steps), steps.lengths
    sequences, units = torch.arange(len(lengths)), logs.shape[-1]
    total, kept = torch.zeros_like(logs[0]), []
    for lag in range(longest_lag(lengths)):
        if lag:
            total = total + logs[rows_before(lengths, lag), sequences]
        kept.append(total.logsumexp(dim=-1) - math.log(units))
    return torch.stack(kept)
