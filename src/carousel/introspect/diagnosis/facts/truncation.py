"""Where, among the calls of a recurrent module in one pass, the state is handed on without its history."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.statefulness import same_state
from carousel.introspect.diagnosis.observe.trace import Visit


class Cut(NamedTuple):
    """visit: the first call. total: steps of all calls; last: of those behind the last cut; longest: between two cuts.
    cuts: how many. unread_before: whether the loss reads nothing before the last cut. inputs: [total, B, I]."""

    visit: Visit
    total: int
    last: int
    longest: int
    cuts: int
    unread_before: bool
    inputs: Tensor


def cut_of(patient: Patient, calls: list[Visit]) -> Cut | None:
    """None for a module whose calls are not one sequence, or where no state is cut, or that is not trained."""
    if len(calls) < 2 or not any(p.requires_grad for p in calls[0].module.parameters()):
        return None
    pieces = [[calls[0]]]
    for before, visit in pairwise(calls):
        if not same_state(before, visit):
            return None
        if all(state.grad_fn is None for state in visit.states):
            pieces.append([])
        pieces[-1].append(visit)
    if len(pieces) == 1:
        return None
    inputs = [patient.module_input(visit) for visit in calls]
    if len({x.shape[1] for x in inputs}) > 1:
        return None
    lengths = iter([len(x) for x in inputs])
    steps = [sum(next(lengths) for _ in piece) for piece in pieces]
    read = [any(_is_read(patient, visit) for visit in piece) for piece in pieces]
    return Cut(calls[0], sum(steps), steps[-1], max(steps), len(pieces) - 1, not any(read[:-1]) and read[-1],
               torch.cat(inputs))  # fmt: skip


def _is_read(patient: Patient, visit: Visit) -> bool:
    """Whether the loss depends on a call's output: of a *Cell, through later steps of its piece too."""
    if visit.is_cell:
        return any(s.requires_grad and s.grad is not None and bool(s.grad.any()) for s in visit.final)
    reads = patient.reads_of(visit)
    return reads is not None and bool(reads.either.any())


__all__ = ["Cut", "cut_of"]
