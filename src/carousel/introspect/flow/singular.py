"""Singular values of the product of the last k Jacobians: how many directions of the past are still alive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.products import Product, products
from carousel.introspect.flow.trajectory import trajectory

DEFAULT_LAGS = (1, 2, 5, 10, 20, 50, 100)


class SingularValues(NamedTuple):
    """lags: steps. logs: [lags, count] float64, ln of the singular values in nats, largest first."""

    lags: tuple[int, ...]
    logs: Tensor


def singular_values(
    tape: Recorded,
    name: str | None = None,
    *,
    lags: Sequence[int] | None = None,
    sequences: Sequence[int] | None = None,
    count: int | None = None,
    call: int | None = None,
) -> SingularValues:
    """ln of the singular values of ds_T / ds_{T-k}, mean over the sequences, T each one's own last step.

    lags: values of k; None for 1, 2, 5, 10, 20, 50, 100 as far as the shortest sequence reaches. sequences: which of
    the batch, None for all. count: the largest so many, None for all S. The product is scaled to length 1 at every
    step and its scale kept as a logarithm, so the largest never underflows. A value that double precision cannot
    resolve next to the largest (below 100 k eps times it, in any sequence) is NaN. All are -inf where a reset lies
    within the lag. Cost: a product of S x S matrices for each step of the largest lag. Valid for a run without
    interventions. Raises BadCall for a lag, sequence or count that there is not.
    """
    steps = trajectory(one_tape(tape, name, call), sequences)
    recurrence, shortest = Recurrence(steps), int(steps.lengths.min())
    chosen = tuple(k for k in DEFAULT_LAGS if k <= shortest) if lags is None else tuple(lags)
    if not chosen or not all(1 <= k <= shortest for k in chosen):
        raise BadCall("a lag must lie within the shortest sequence", allowed=f"1 .. {shortest}", got=chosen)
    kept = checked_count(count, recurrence.size)
    found = {p.lag: _logs(p)[:, :kept].mean(dim=0) for p in products(recurrence, steps.lengths, max(chosen))
             if p.lag in chosen}  # fmt: skip
    return SingularValues(chosen, torch.stack([found[k] for k in chosen]))


def _logs(product: Product) -> Tensor:
    """[B, S]."""
    values = torch.linalg.svdvals(product.matrix)
    largest = values[:, :1]
    resolved = values >= 100 * product.lag * torch.finfo(torch.float64).eps * largest
    logs: Tensor = (values.log() + product.log.unsqueeze(1)).where(resolved, torch.nan)
    return logs


def checked_count(count: int | None, size: int) -> int:
    """How many directions of the state: all S where None."""
    if count is not None and not 1 <= count <= size:
        raise BadCall("count is a number of directions of the state", allowed=f"1 .. {size}", got=count)
    return size if count is None else count
