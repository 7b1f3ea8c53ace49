"""torch's own recurrent operators: fused for the LSTM on a CPU, a step loop in C++ for the others. Keeps no gates."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from carousel.cells import GRU, LSTM, Cell, ElmanReLU, ElmanTanh, State
from carousel.kernels.base import Kernel, Refusal, Request, Run
from carousel.shapes import at_last_step, valid_steps

_OPERATORS: dict[type[Cell], Any] = {
    ElmanTanh: torch._VF.rnn_tanh,
    ElmanReLU: torch._VF.rnn_relu,
    GRU: torch._VF.gru,
    LSTM: torch._VF.lstm,
}


@final
class TorchKernel(Kernel):
    """The operators behind torch.nn.RNN, LSTM and GRU, on padded sequences (packed ones are many times slower)."""

    name = "torch"

    def supports(self, cell: Cell, x: Tensor, lengths: Tensor | None, request: Request) -> Refusal | None:
        if type(cell) not in _OPERATORS:
            return Refusal(f"torch has no operator for the cell {cell.name!r}")
        if request.records:
            return Refusal("torch's operators keep no states or gates of the steps in between")
        if isinstance(cell, LSTM) and lengths is not None and request.final_state:
            return Refusal("on unequal lengths torch gives c only at the padded end, not at each sequence's own")
        return None

    def run(self, cell: Cell, x: Tensor, state: State | None, lengths: Tensor | None, request: Request) -> Run:
        steps, batch, _ = x.shape
        valid = None if lengths is None else valid_steps(lengths, steps).unsqueeze(-1)
        if valid is not None:
            x = torch.where(valid, x, 0.0)  # NaN in the padding would survive a product with 0
        state = cell.initial_state(batch) if state is None else state
        output, final = _call(cell, x, state)
        if valid is not None:
            output = torch.where(valid, output, 0.0)
            final = (at_last_step(output, lengths),)
        return Run(output, type(state)(*final) if request.final_state else None, None)


def _call(cell: Cell, x: Tensor, state: State) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer, one direction, no dropout: [T, B, H] and the state after the last padded step."""
    weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    start = [s.unsqueeze(0).contiguous() for s in state]
    hidden = tuple(start) if len(start) > 1 else start[0]
    operator = _OPERATORS[type(cell)]  # arguments: biases, layers, dropout, training, bidirectional, batch_first
    output, *final = operator(x, hidden, weights, True, 1, 0.0, cell.training, False, False)
    return output, tuple(s.squeeze(0) for s in final)
