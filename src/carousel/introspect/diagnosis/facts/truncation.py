"""Where, among the calls of a recurrent module in one pass, the state is handed on without its history."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.output_usage import output_usage
from carousel.introspect.diagnosis.facts.statefulness import same_state
from carousel.introspect.diagnosis.observe.trace import ModuleCall


class Truncation(NamedTuple):
    """visit: the first call. total: steps of all calls; last: of those behind the last cut; longest: between two cuts.
    cuts: how many. unread_before: whether the loss reads nothing before the last cut. inputs: [total, B, I]."""

    call: ModuleCall
    total: int
    last: int
    longest: int
    cuts: int
    unread_before: bool
    inputs: Tensor


def truncation_of(context: Context, calls: list[ModuleCall]) -> Truncation | None:
    """None for a module whose calls are not one sequence, or where no state is cut, or that is not trained."""
    if len(calls) < 2 or not any(p.requires_grad for p in calls[0].module.parameters()):
        return None
    pieces = [[calls[0]]]
    for before, call in pairwise(calls):
        if not same_state(before, call):
            return None
        if all(state.grad_fn is None for state in call.states):
            pieces.append([])
        pieces[-1].append(call)
    if len(pieces) == 1:
        return None
    inputs = [call.input_TBI for call in calls]
    if len({x.shape[1] for x in inputs}) > 1:
        return None
    lengths = iter([len(x) for x in inputs])
    steps = [sum(next(lengths) for _ in piece) for piece in pieces]
    read = [any(_is_read(context, call) for call in piece) for piece in pieces]
    return Truncation(calls[0], sum(steps), steps[-1], max(steps), len(pieces) - 1, not any(read[:-1]) and read[-1],
               torch.cat(inputs))  # fmt: skip


def _is_read(context: Context, call: ModuleCall) -> bool:
    """Whether the loss depends on a call's output: of a *Cell, through later steps of its piece too."""
    if call.is_cell:
        return any(s.requires_grad and s.grad is not None and bool(s.grad.any()) for s in call.final)
    reads = output_usage(call)
    return reads is not None and bool(reads.either.any())
