"""The largest Lyapunov exponent of a network driven by its inputs.

A tangent vector is carried through the Jacobians of the whole state and renormalised at each step; after a warm-up the
mean logarithm of its growth is the exponent (the first of the spectrum Z = J Q, Z = QR). Above 0: chaos.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

from carousel.experiments.contenders.base import Network
from carousel.experiments.probes.linearisation import Stepwise


def largest_exponent(network: Network, x: Tensor, warmup: int, generator: torch.Generator) -> float:
    """Nats per step, mean over the batch of driving sequences x [T, B, I]; the first `warmup` steps do not count.

    -inf where every direction dies (a ReLU network that is silent). Raises BadCall for one without recurrent state.
    """
    model = Stepwise(network)
    states = model.trajectory(x.double())
    q = torch.randn(states[0].shape, generator=generator, dtype=torch.float64)
    growth = []
    for x_BI, state in zip(x.double(), states[:-1], strict=True):
        q = _push(model, x_BI, state, q)
        norm = q.norm(dim=1, keepdim=True)
        growth.append(norm.log())
        q = torch.where(norm > 0, q / norm, 0.0)
    return torch.stack(growth[warmup:]).mean().item()


def _push(model: Stepwise, x_BI: Tensor, state: Tensor, q: Tensor) -> Tensor:
    """The Jacobian of one step times q, by forward-mode differentiation."""
    with torch.no_grad(), forward_ad.dual_level():
        return forward_ad.unpack_dual(model.step(x_BI, forward_ad.make_dual(state, q))).tangent
