"""At which steps of the input the targets of a batch hang: correlation, judged by permutation."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_SHUFFLED = 199
_SURE = 0.01  # that no step at all is associated: the largest correlation of each shuffling is over all steps
_LEAST = 16  # sequences: fewer do not tell
_CLASSES = 20


class Association(NamedTuple):
    """step: where the target's correlation with the input is largest. p: of that correlation, over all steps asked."""

    step: int
    p: float


def associated(x_TBI: Tensor, target: Tensor, generator: torch.Generator) -> Association | None:
    """The step with the largest correlation between any channel and the target [B] or [B, K], if it is beyond chance.

    None is no evidence that nothing is there: what hangs on two steps together has no correlation with either.
    """
    rows, y = x_TBI.detach().cpu().double().nan_to_num(), _columns(target)
    if y is None or len(y) != rows.shape[1] or len(y) < _LEAST:
        return None
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


def _standard(x_BN: Tensor) -> Tensor:
    """Mean 0 and length 1 along the batch; 0 where nothing varies."""
    centred = x_BN - x_BN.mean(0)
    length = centred.square().sum(0).sqrt()
    return torch.where(length > 1e-9, centred / length.clamp(min=1e-9), 0.0)


def _strengths(x: Tensor, y: Tensor, shape: torch.Size) -> Tensor:
    """[T]: the largest correlation at each step."""
    return (x.T @ y).abs().amax(1).reshape(shape[0], shape[2]).amax(1)
