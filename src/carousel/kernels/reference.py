"""The plain loop over `cell.step`: slow, general, and the oracle of every other kernel."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.cells import Cell, Gates, State
from carousel.kernels.base import Kernel, Refusal, Request, Run
from carousel.kernels.tape import Tape
from carousel.shapes import valid_steps


@final
class ReferenceKernel(Kernel):
    """Runs any cell, keeps anything."""

    name = "reference"

    def supports(self, cell: Cell, x: Tensor, lengths: Tensor | None, request: Request) -> Refusal | None:
        return None

    def run(self, cell: Cell, x: Tensor, state: State | None, lengths: Tensor | None, request: Request) -> Run:
        steps, batch, _ = x.shape
        valid = None if lengths is None else valid_steps(lengths, steps)
        if valid is not None:
            x = torch.where(valid.unsqueeze(-1), x, 0.0)  # NaN in the padding would survive a product with 0
        state = cell.initial_state(batch) if state is None else state
        u = cell.project(x)
        recorder = _Recorder(cell, request)
        outputs = []
        for t in range(steps):
            new, gates = cell.step(u[t], state)
            if valid is not None:
                new = _hold(valid[t], new, state)
            recorder.keep(new, gates)
            output = new[0] if valid is None else torch.where(valid[t].unsqueeze(-1), new[0], 0.0)
            outputs.append(output)
            state = new
        return Run(torch.stack(outputs), state if request.final_state else None, recorder.tape(valid))


def _hold(valid_B: Tensor, new: State, old: State) -> State:
    """After its last true step a sequence keeps its state."""
    keep = valid_B.unsqueeze(-1)
    return type(new)(*(torch.where(keep, n, o) for n, o in zip(new, old, strict=True)))


class _Recorder:
    """Collects what the request names, step by step."""

    def __init__(self, cell: Cell, request: Request):
        self._request = request
        names = (cell.state_names if request.states else ()) + (cell.gate_names if request.gates else ())
        self._steps: dict[str, list[Tensor]] = {name: [] for name in names}

    def keep(self, state: State, gates: Gates) -> None:
        for name, value in (*_fields(state), *_fields(gates)):
            if name in self._steps:
                if self._request.gradients and value.requires_grad:
                    value.retain_grad()
                self._steps[name].append(value)

    def tape(self, valid: Tensor | None) -> Tape | None:
        return Tape(self._steps, valid, self._request.gradients) if self._request.records else None


def _fields(values: State | Gates) -> list[tuple[str, Tensor]]:
    return list(values._asdict().items())  # type: ignore[union-attr]
