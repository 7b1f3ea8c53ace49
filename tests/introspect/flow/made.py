"""Cells, recorded runs of them, and the plain loop that they are compared with: what the tests of flow share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from carousel.experiments.contenders.network import RecurrentNetwork, build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import parse_contenders
from carousel.nn.cells import CELLS, Cell, ProjectedLSTM, State
from carousel.nn.kernels import KERNELS, Call, Request, Tape
from tests.support.kernels import inputs, make, make_call

CELL_NAMES = (*CELLS, "lstm-projected")
EVERYTHING = Request(states=True, gates=True, gradients=True)
Loss = Callable[[Tensor], Tensor]


def cell_of(name: str, option: str = "", hidden: int = 5, seed: int = 0) -> Cell:
    """A float64 cell of 3 inputs; "lstm-projected": 5 units shown as 2."""
    if name != "lstm-projected":
        return make(name, option=option, hidden=hidden, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    shapes = {"weight_ih": (4 * hidden, 3), "weight_hh": (4 * hidden, 2), "weight_hr": (2, hidden)}
    shapes |= {} if "no bias" in option else {"bias_ih": (4 * hidden,), "bias_hh": (4 * hidden,)}
    drawn = {n: torch.rand(s, generator=generator, dtype=torch.float64) - 0.5 for n, s in shapes.items()}
    return ProjectedLSTM.from_tensors({n: t.requires_grad_() for n, t in drawn.items()})


def call_of(cell: Cell, option: str, steps: int = 7, batch: int = 3) -> Call:
    """A call under the options that its name lists."""
    call = make_call(cell, inputs(steps, batch, torch.float64), option)
    if call.dropout is not None and isinstance(cell, ProjectedLSTM):  # its mask is as wide as h
        return Call(call.x, call.state, call.lengths, call.resets, call.dropout[:, :2], call.reverse)
    return call


def taped(
    cell: Cell, call: Call, request: Request = EVERYTHING, loss: Loss | None = None, kernel: str = "reference"
) -> Tape:
    """The tape of a run; with `loss`, of its output [T, B, H], after the backward pass."""
    run = KERNELS[kernel].run(cell, call, request)
    if loss is not None:
        loss(run.output).backward()
    assert run.tape is not None
    return run.tape


def last_of(call: Call) -> list[int]:
    """Of each sequence, its last step in the run's direction."""
    steps, batch, _ = call.x.shape
    ends = [steps] * batch if call.lengths is None else call.lengths.tolist()
    return [0 if call.reverse else end - 1 for end in ends]


def states_before(cell: Cell, call: Call) -> list[dict[int, State]]:
    """Of each sequence, by step in running order: the state before it, each field [H]; by a loop over one sequence."""
    steps, batch, _ = call.x.shape
    found = []
    for b in range(batch):
        length = steps if call.lengths is None else int(call.lengths[b])
        fields = cell.initial_state(1) if call.state is None else call.state
        state, before = [s[b if call.state is not None else 0].detach() for s in fields], {}
        for t in range(length - 1, -1, -1) if call.reverse else range(length):
            if call.reset_mask is not None and call.reset_mask[t, b]:
                state = [torch.zeros_like(s) for s in state]
            before[t] = tuple(state)
            state = step_of(cell, call, t, b)(torch.cat(state)).detach().split([len(s) for s in state])
        found.append(before)
    return found


def step_of(cell: Cell, call: Call, t: int, b: int) -> Callable[[Tensor], Tensor]:
    """[S] -> [S]: one step of one sequence by the cell's own equation."""
    widths = [s.shape[1] for s in cell.initial_state(1)]
    dropout = None if call.dropout is None else call.dropout[b : b + 1]

    def step(s: Tensor) -> Tensor:
        state = cell.state_type(*(part.unsqueeze(0) for part in s.split(widths)))
        return torch.cat(cell.step(cell.project(call.x[t, b : b + 1]), state, dropout)[0], dim=1)[0]

    return step


def network(text: str, hidden: int = 64, inputs: int = 8, seed: int = 0, outputs: int = 8) -> RecurrentNetwork:
    """A contender, initialised."""
    generator = torch.Generator().manual_seed(seed)
    (spec,) = parse_contenders(text)
    return build(spec, Size(hidden), inputs=inputs, outputs=outputs, readout="last", length=100, generator=generator)


def linear_cell(recurrent: Tensor) -> Cell:
    """A ReLU cell of 3 inputs kept in its linear part by a large bias: an exact linear recurrence."""
    cell = CELLS["rnn-relu"](3, len(recurrent), dtype=torch.float64)
    cell.weight_hh.data.copy_(recurrent)
    cell.bias_ih.data.fill_(1e9)
    return cell


def constant_gate(name: str, block: str, bias: float, hidden: int = 6) -> Cell:
    """All weights 0, one gate at sigma(bias)."""
    cell = CELLS[name](3, hidden, dtype=torch.float64)
    cell.bias_ih.data[cell.rows(block)] = bias
    return cell
