"""Whether the batch shows that the task asks for steps before the reach of the gradient."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.feeding import fed_by
from carousel.introspect.diagnosis.facts.gradient_horizon import RequiredReach
from carousel.introspect.diagnosis.facts.truncation import associated
from carousel.introspect.diagnosis.observe.state_walk import tensors_of

_CHANNELS = 8  # of so many at most, products of two are looked at: a marker that says which value counts
_TOKENS = 256  # of so many at most, each is counted


def asks_for_far(context: Context, need: RequiredReach) -> bool:
    """Whether it is given (`dependency`), or the targets correlate with the far steps, those before the horizon of the
    layer that reaches farthest: with a channel at one of them, a sum over them, or how often a token stands there. The
    largest correlation of all counts, p of at most .01 by permutation; what the near steps tell of the targets is taken
    out before, since in a series the far ones are like them."""
    if context.known.dependency is not None:
        return True
    call = context.trace.modules[0][0]
    x = call.input_TBI if not call.is_cell else torch.cat([c.input_TBI for c in context.trace.modules[0]])
    first = need.best.horizon + 1 if getattr(call.module, "bidirectional", False) else 0
    far = slice(first, max(first + 1, need.reach - need.best.horizon))
    whole = [context.trace.inputs, context.trace.keywords]
    given = {id(t) for t in tensors_of(whole)}
    targets = [t for t in tensors_of(context.batch) if id(t) not in given and t.dim() and len(t) == x.shape[1]]
    tokens = [t for t in fed_by(context, call, tensors_of(whole)) if _is_tokens(t, x)]
    rows = [*_features(x[far].double()), *(_counts(t if call.batch_first else t.T, far) for t in tokens[:1])]
    if not rows or not targets:
        return False
    width = max(part.shape[2] for part in rows)
    features = torch.cat([pad(part, (0, width - part.shape[2])) for part in rows])
    near = _components(torch.cat([x[:first], x[far.stop :]]))
    return any(associated(features, t, context.generator, near) is not None for t in targets)


def _components(near: Tensor) -> Tensor:
    """[B, K]: the principal components of the near steps [N, B, I], the largest first."""
    rows = near.detach().cpu().double().nan_to_num().transpose(0, 1).flatten(1)
    left, sizes, _ = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    components: Tensor = left * sizes
    return components


def _features(far: Tensor) -> list[Tensor]:
    """[N, B, K]: every step, and sums over all of them."""
    own = [far]
    if 1 < far.shape[2] <= _CHANNELS:
        first, second = torch.triu_indices(far.shape[2], far.shape[2], 1)
        own.append(far[..., first] * far[..., second])
    return [*own, *(part.sum(0, keepdim=True) for part in own)]


def _is_tokens(t: Tensor, x_TBI: Tensor) -> bool:
    sizes = {x_TBI.shape[0], x_TBI.shape[1]}
    whole = t.dim() == 2 and not t.is_floating_point() and t.dtype != torch.bool
    return whole and x_TBI.shape[1] in t.shape and set(t.shape) >= sizes and 0 <= int(t.min()) <= int(t.max()) < _TOKENS


def _counts(tokens_BT: Tensor, far: slice) -> Tensor:
    """[1, B, V]: how often each token stands among the far steps."""
    return one_hot(tokens_BT[:, far].long(), int(tokens_BT.max()) + 1).sum(1).double().unsqueeze(0)
