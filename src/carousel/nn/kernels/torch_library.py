"""torch's own recurrent operators: fused for the LSTM on a CPU, a step loop in C++ for the others. Keeps no gates."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from carousel.common.shapes import at_last_step
from carousel.nn.cells import GRU, LSTM, Cell, ElmanReLU, ElmanTanh, State
from carousel.nn.kernels.base import Call, Kernel, Refusal, Request, Run

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

    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        if type(cell) not in _OPERATORS:
            return Refusal(f"torch has no operator for the cell {cell.name!r}")
        for given, what in (
            (request.records, "keep no states or gates of the steps in between"),
            (call.resets is not None, "know no state that starts anew in mid-sequence"),
            (call.dropout is not None, "know no dropout in the recurrence"),
            (call.intervene is not None, "run a step in one piece, which no intervention reaches"),
            (_over_a_batch(), "have no batching rule, which torch.func.vmap asks for"),
            (cell.layer_norm, "know no layer normalisation in the cell"),
            (call.reverse and call.lengths is not None, "cannot start at each sequence's own end without packing"),
        ):
            if given:
                return Refusal(f"torch's operators {what}")
        if isinstance(cell, LSTM) and call.lengths is not None and request.final_state:
            return Refusal("on unequal lengths torch gives c only at the padded end, not at each sequence's own")
        return None

    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        valid, x = call.valid, call.x
        if valid is not None:
            x = torch.where(valid.unsqueeze(-1), x, 0.0)  # NaN in the padding would survive a product with 0
        if call.reverse:
            x = x.flip(0)
        state = cell.initial_state(x.shape[1]) if call.state is None else call.state
        output, final = _call(cell, x, state)
        if call.reverse:
            output = output.flip(0)
        if valid is not None:
            output = torch.where(valid.unsqueeze(-1), output, 0.0)
            final = (at_last_step(output, call.lengths),)
        return Run(output, type(state)(*final) if request.final_state else None, None)


def _over_a_batch() -> bool:
    """Whether torch.func.vmap runs. A compiler that traces it finds out by itself."""
    if torch.compiler.is_compiling() or not torch._C._are_functorch_transforms_active():
        return False
    stack = torch._C._functorch.get_interpreter_stack() or ()
    return any(each.key() == torch._C._functorch.TransformType.Vmap for each in stack)


def _call(cell: Cell, x: Tensor, state: State) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer, one direction, no dropout: [T, B, H] and the state after the last padded step."""
    biases = [] if cell.bias_ih is None else [cell.bias_ih, cell.bias_hh]
    start = [s.unsqueeze(0).contiguous() for s in state]
    hidden = tuple(start) if len(start) > 1 else start[0]
    weights = [cell.weight_ih, cell.weight_hh, *biases]
    operator = _OPERATORS[type(cell)]  # arguments: biases, layers, dropout, training, bidirectional, batch_first
    output, *final = operator(x, hidden, weights, bool(biases), 1, 0.0, cell.training, False, False)
    return output, tuple(s.squeeze(0) for s in final)
