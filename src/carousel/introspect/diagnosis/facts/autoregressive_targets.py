"""Whether a model has to predict what it will be given: targets that are its input, some steps on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lengths import sequence_lengths
from carousel.introspect.diagnosis.facts.loss_mask import loss_mask
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.output_usage import output_has_time
from carousel.introspect.diagnosis.observe.state_walk import tensors_of

_LEAST = 16  # numbers compared: fewer may agree by chance
_CHANNELS = 64  # looked at
_AHEAD = 16  # steps of the horizon of a forecast that are tried


class AutoregressiveTargets(NamedTuple):
    """x: the model's input that holds its own targets. ahead: by how many steps. sure: whether the targets were found,
    rather than that the loss leaves out the last answers of a batch that holds nothing else."""

    x: Tensor
    ahead: int
    sure: bool


def autoregressive_targets(context: Context) -> AutoregressiveTargets | None:
    """The input whose later steps are the targets; None where none is found."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe):
        return None
    given = [t for t in probe.given if isinstance(t, Tensor)]
    given_ids = {id(t) for t in given}
    for x in given:
        for target in tensors_of(context.batch):
            ahead = _ahead(x, target) if id(target) not in given_ids else None
            if ahead is not None:
                return AutoregressiveTargets(x, ahead, True)
    return _left_out(context, given)


def _ahead(x: Tensor, target: Tensor) -> int | None:
    """By how many steps the target lies ahead of the input, or is longer than the input that it begins with."""
    for axis in (0, 1):
        steps = x.shape[axis]
        for own in _views(x):
            for wanted in _views(target):
                if own.dim() != wanted.dim() or own.dim() <= axis or own.shape[1 - axis] != wanted.shape[1 - axis]:
                    continue
                longer = wanted.shape[axis] - steps
                if 0 < longer <= min(_AHEAD, steps // 2) and _same(own, wanted, axis, steps, 0):
                    return longer
                if longer == 0:
                    for ahead in range(1, min(_AHEAD, steps - 1) + 1):
                        if _same(own, wanted, axis, steps - ahead, ahead):
                            return ahead
    return None


def _same(own: Tensor, wanted: Tensor, axis: int, steps: int, ahead: int) -> bool:
    """wanted[t] == own[t + ahead] for all t, which is not so without the shift; of numbers that differ among
    themselves. With ahead = 0, wanted begins with the whole of own."""
    later, now = own.narrow(axis, ahead, steps), wanted.narrow(axis, 0, steps)
    if now.numel() < _LEAST or not bool((later == now).all()) or bool((now == now.flatten()[0]).all()):
        return False
    return ahead == 0 or not bool((own.narrow(axis, 0, steps) == now).all())


def _views(t: Tensor) -> Iterator[Tensor]:
    """[., .] to compare: tokens as they are; of vectors each channel, and of one-hot ones the position of the 1."""
    if t.dim() == 2:
        yield t.double()
    elif t.dim() == 3:
        if t.shape[-1] > 1 and bool(((t == 0) | (t == 1)).all()) and bool((t.sum(-1) == 1).all()):
            yield t.argmax(-1).double()
        for channel in range(min(t.shape[-1], _CHANNELS)):
            yield t[..., channel].double()


def _left_out(context: Context, given: list[Tensor]) -> AutoregressiveTargets | None:
    """A batch that holds the model's input alone, answered at every step but the last ones, which the loss leaves out:
    their targets would lie behind its end."""
    answer = context.trace.answer
    others = [t for t in tensors_of(context.batch) if t.dim() >= 2 and not any(t is x for x in given)]
    if len(given) != 1 or others or answer is None or answer.grad is None or not output_has_time(context):
        return None
    counted = loss_mask(context, answer.grad.detach())
    if counted is None or sequence_lengths(context) is not None:
        return None
    steps = counted.any(1)
    ahead = len(steps) - int(steps.sum())
    regular = bool(steps[: len(steps) - ahead].all())
    is_shift = 0 < ahead <= _AHEAD and regular and len(steps) > 2 * ahead
    return AutoregressiveTargets(given[0], ahead, False) if is_shift else None
