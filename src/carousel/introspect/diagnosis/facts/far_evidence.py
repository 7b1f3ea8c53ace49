"""Whether the batch shows that the task asks for steps before the reach of the gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.gradient_horizon import RequiredReach
from carousel.introspect.diagnosis.facts.truncation import associated
from carousel.introspect.diagnosis.observe.state_walk import tensors_of

_CHANNELS = 8  # of so many at most, products of two are looked at: a marker that says which value counts


def asks_for_far(context: Context, need: RequiredReach) -> bool:
    """Whether it is given (`dependency`), or the targets correlate with the input at a step, or with a sum over the
    steps, before the horizon of the layer that reaches farthest: p of at most .01 by permutation."""
    if context.known.dependency is not None:
        return True
    call = context.trace.modules[0][0]
    x = call.input_TBI if not call.is_cell else torch.cat([c.input_TBI for c in context.trace.modules[0]])
    far = x[: max(1, len(x) - 1 - need.best.horizon)].double()
    given = {id(t) for t in tensors_of([context.trace.inputs, context.trace.keywords])}
    targets = [t for t in tensors_of(context.batch) if id(t) not in given and t.dim() and len(t) == far.shape[1]]
    return any(associated(features, t, context.generator) for t in targets for features in _features(far))


def _features(far: Tensor) -> list[Tensor]:
    """[N, B, K]: every step, and sums over all of them."""
    own = [far]
    if far.shape[2] <= _CHANNELS:
        first, second = torch.triu_indices(far.shape[2], far.shape[2], 1)
        own.append(far[..., first] * far[..., second])
    return [*own, *(part.sum(0, keepdim=True) for part in own)]
