"""The step of `PopulationAdam` in torch's operations, for weights on a GPU; the compiled one is for a CPU.

The same formulas in the same order, all networks at once. Norms and corrections are taken in float64, as there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Rule(NamedTuple):
    """What does not change from step to step. clip: the largest norm of a network's gradient, math.inf for any."""

    clip: float
    betas: tuple[float, float]
    eps: float


def adam(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    moments: Sequence[tuple[Tensor, Tensor]],
    rates: Tensor,
    steps: Tensor,
    rule: Rule,
    update: Tensor | None = None,
) -> Tensor:
    """Update in place; parameters, gradients and both moments: [P, ...] each; rates, steps: [P] float64, the steps
    counted up. update: [P] bool, which networks; None: all. Gives the norms before clipping, [P] float64. A network
    whose norm is not finite is left as it is."""
    norms = torch.stack([g.double().square().flatten(1).sum(1) for g in gradients]).sum(0).sqrt()
    chosen = norms.isfinite() if update is None else norms.isfinite() & update.to(norms.device)
    steps += chosen
    beta1, beta2 = rule.betas
    scale = torch.ones_like(norms) if rule.clip == math.inf else (rule.clip / (norms + 1e-6)).clamp(max=1.0)
    rate, correction = rates / (1 - beta1**steps), (1 - beta2**steps).rsqrt()
    for parameter, gradient, (mean, square) in zip(parameters, gradients, moments, strict=True):
        where, by, at, root = (_along(each, parameter) for each in (chosen, scale, rate, correction))
        g = gradient * by
        new_mean, new_square = mean + (g - mean) * (1 - beta1), square * beta2 + g * g * (1 - beta2)
        change = new_mean * at / (new_square.sqrt() * root + rule.eps)
        for held, new in ((mean, new_mean), (square, new_square), (parameter, parameter - change)):
            held.copy_(torch.where(where, new, held))
    return norms


def _along(values: Tensor, parameter: Tensor) -> Tensor:
    """[P, 1, ...] of the parameter's type, to be taken times it."""
    found = values.view(-1, *[1] * (parameter.dim() - 1))
    return found if values.dtype == torch.bool else found.to(parameter.dtype)
