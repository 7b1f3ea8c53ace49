"""Where, among the calls of a recurrent module in one pass, the state is handed on without its history; and whether the
targets depend on an input before that: correlation, judged by permutation."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.output_usage import output_usage
from carousel.introspect.diagnosis.facts.statefulness import same_state
from carousel.introspect.diagnosis.observe.trace import ModuleCall

_SHUFFLED = 199
_SURE = 0.01  # that no step at all is associated: the largest correlation of each shuffling is over all steps
_LEAST = 16  # sequences: fewer do not tell
_CLASSES = 20
_EACH = 4  # samples for each number that is regressed on
_ROUNDING = 1e-6  # of the target's variance


class Truncation(NamedTuple):
    """call: the first one. total: steps of all calls; last: of those behind the last cut; longest: between two cuts.
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
    usage = output_usage(call)
    return usage is not None and bool(usage.either.any())


class Association(NamedTuple):
    """step: where the target's correlation with the input is largest. p: of that correlation, over all steps asked."""

    step: int
    p: float


def associated(
    x_TBI: Tensor, target: Tensor, generator: torch.Generator, known: Tensor | None = None
) -> Association | None:
    """The step with the largest correlation between any channel and the target [B] or [B, K], if it is beyond chance.
    known: [B, N], of which as many as the batch allows are taken out of the target first, by regression.

    None is no evidence that nothing is there: what depends on two steps together has no correlation with either.
    """
    rows, y = x_TBI.detach().cpu().double().nan_to_num(), _columns(target)
    if y is None or len(y) != rows.shape[1] or len(y) < _LEAST:
        return None
    y = y if known is None else _unexplained(y, known[:, : len(y) // _EACH])
    x = _standard(rows.transpose(0, 1).flatten(1))
    own = _strengths(x, y, rows.shape)
    most = torch.stack(
        [_strengths(x, y[torch.randperm(len(y), generator=generator)], rows.shape).max() for _ in range(_SHUFFLED)]
    )
    p = (1 + int((most >= own.max()).sum())) / (1 + _SHUFFLED)
    return Association(int(own.argmax()), p) if p <= _SURE else None


def _columns(target: Tensor) -> Tensor | None:
    """[B, K]: classes as columns of 0 and 1, numbers as they are; standardised."""
    y = target.detach().cpu()
    if y.dim() not in (1, 2) or y.is_complex():
        return None
    if not y.is_floating_point() and y.dim() == 1:
        classes, index = y.unique(return_inverse=True)
        if not 2 <= len(classes) <= _CLASSES:
            return None
        return _standard(torch.nn.functional.one_hot(index).double())
    return _standard(y.double().reshape(len(y), -1))


def _unexplained(y: Tensor, known: Tensor) -> Tensor:
    """What regression on them leaves of y; nothing where they leave no more than rounding."""
    own = torch.cat([torch.ones(len(y), 1, dtype=y.dtype), _standard(known.detach().cpu().double().nan_to_num())], 1)
    left = y - own @ (torch.linalg.pinv(own) @ y)
    return _standard(torch.where(left.square().sum(0) > _ROUNDING, left, 0.0))


def _standard(x_BN: Tensor) -> Tensor:
    """Mean 0 and length 1 along the batch; 0 where nothing varies."""
    centred = x_BN - x_BN.mean(0)
    length = centred.square().sum(0).sqrt()
    return torch.where(length > 1e-9, centred / length.clamp(min=1e-9), 0.0)


def _strengths(x: Tensor, y: Tensor, shape: torch.Size) -> Tensor:
    """[T]: the largest correlation at each step."""
    return (x.T @ y).abs().amax(1).reshape(shape[0], shape[2]).amax(1)
