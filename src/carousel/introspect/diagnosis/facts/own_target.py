"""Whether a model is given, at a step, the very token that it has to name there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.operations import LossCall, loss_calls
from carousel.introspect.diagnosis.observe.perturbation import Probe

_LEAST = 16  # tokens compared: fewer may agree by chance
_LIKELIHOODS = ("cross_entropy", "nll_loss")


class OwnTarget(NamedTuple):
    """The answer at step `answer` is to be the input's token at step `step`, and changes with it."""

    step: int
    answer: int
    ahead: int


def own_target(context: Context) -> OwnTarget | None:
    """Found where the targets are the tokens of an input, `ahead` steps on, and the answer to each changes with it and
    with nothing behind it. A model that reads the whole input before it answers, to give it back, is none. Raises
    Refused."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe) or probe.base is None:
        return None
    tokens = [x for x in probe.given if isinstance(x, Tensor) and x.dim() == 2 and not x.is_floating_point()]
    for call in loss_calls(context):
        for target in _as_given(call) if call.kind in _LIKELIHOODS else ():
            for x in tokens:
                found = _copied(probe.of(x), x, target)
                if found is not None:
                    return found
    return None


def _as_given(call: LossCall) -> Iterator[Tensor]:
    """The targets of two axes, as the loss takes them and as they were before they were laid out in a row."""
    tensor, operation = call.target, call.operation.made_by.get(id(call.target))
    yield from (tensor,) if tensor.dim() == 2 else ()
    while operation is not None and operation.is_move and operation.inputs:
        if operation.inputs[0].numel() != tensor.numel():  # cut: other steps than those that are asked for
            return
        tensor = operation.inputs[0]
        yield from (tensor,) if tensor.dim() == 2 else ()
        operation = operation.made_by.get(id(tensor))


def _copied(probe: Probe, x: Tensor, target: Tensor) -> OwnTarget | None:
    if target.is_floating_point() or probe.base is None:
        return None
    for axis in (1, 0):
        steps = target.shape[axis]
        if target.shape[1 - axis] != x.shape[1 - axis] or not 2 < steps <= x.shape[axis]:
            continue
        for ahead in range(x.shape[axis] - steps + 1):
            if not _same(x.narrow(axis, ahead, steps), target):
                continue
            for shape, of_steps in _shapes(probe.base, x, target, axis):
                found = _at_each(probe, axis, ahead, steps, shape, of_steps)
                if found is not None:
                    return found
    return None


def _same(own: Tensor, target: Tensor) -> bool:
    counted = target >= 0
    there = target[counted]
    return there.numel() >= _LEAST and bool((own[counted] == there).all()) and bool((there != there[0]).any())


def _shapes(base: Tensor, x: Tensor, target: Tensor, axis: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """The answers' shapes that may be meant, with the axis of the steps: rows in one axis are unfolded both ways."""
    own, lengths = tuple(base.shape), (target.shape[axis], x.shape[axis])
    if base.dim() > 2:
        yield from ((own, k) for k in range(3) if own[k] in lengths and x.shape[1 - axis] in own[:k] + own[k + 1 :])
        return
    for steps in dict.fromkeys(lengths):
        if own[0] == steps * x.shape[1 - axis]:
            yield (x.shape[1 - axis], steps, *own[1:]), 1
            yield (steps, x.shape[1 - axis], *own[1:]), 0


def _at_each(
    probe: Probe, axis: int, ahead: int, steps: int, shape: tuple[int, ...], of_steps: int
) -> OwnTarget | None:
    """The last of some steps, where at each the answer that is to be the token moves with it, none before and, since
    steps reach later ones and samples do not, some behind."""
    last = None
    for answer in probe.chosen(steps)[1:]:
        moved = probe.depends(axis, answer + ahead).reshape(shape).movedim(of_steps, 0).flatten(1).any(1)
        behind = answer + 1 == steps or bool(moved[answer + 1 :].any())
        if not bool(moved[answer]) or bool(moved[:answer].any()) or not behind:
            return None
        last = OwnTarget(answer + ahead, answer, ahead)
    return last
