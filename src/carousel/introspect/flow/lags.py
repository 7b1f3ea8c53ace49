"""The lag profile: how much of the gradient at the end of a sequence is left k steps before, and its mean over a batch.

    G(k) = |dz / ds_{T-k}| / |dz / ds_T|,   z what is asked of the last state, s the whole state.

The adjoint is carried back step by step and renormalised at each, its length kept as a logarithm: over long lags the
plain gradient underflows (with torch's initialisation it is exactly 0 in float32 at T = 400), which would look like 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.flow.linearisation import Linearisation

Back = Callable[[Tensor, Tensor], Tensor]  # rows [B], adjoint [B, S] after them -> the adjoint before them


class LagProfile(NamedTuple):
    """ln G(k) for k = 0..K-1, in nats, each [K] float64: mean over the batch, and its 10 % and 90 % quantiles.

    A gradient that is truly 0 (every unit of a ReLU network dead, a reset in between) is -inf. Lags that fewer than
    half of the sequences are long enough for are left out.
    """

    mean: Tensor
    q10: Tensor
    q90: Tensor


def profile_from(run: Linearisation, start_BS: Tensor) -> LagProfile:
    """The lag profile of the adjoint start_BS at each sequence's last state, carried back step by step."""

    def back(rows: Tensor, adjoint: Tensor) -> Tensor:
        return run.pull(rows, adjoint.unsqueeze(1)).squeeze(1)

    return averaged(log_gains(start_BS, run.lengths, back), run.lengths)


def log_gains(start_BS: Tensor, lengths: Tensor, back: Back) -> Tensor:
    """[K, B]: ln G by lag, each sequence counted from its own last step; anything at lags that it is too short for.

    start_BS: the adjoint of the last state, of any length but 0. back: the transposed Jacobian of the steps in `rows`
    times an adjoint; a row of a sequence that has ended already is 0 and what comes back for it is not used.
    """
    adjoint, log = start_BS / start_BS.norm(dim=1, keepdim=True), torch.zeros(len(lengths), dtype=torch.float64)
    kept = [log]
    for lag in range(1, longest_lag(lengths)):
        adjoint, grown = renormalised(back(rows_before(lengths, lag), adjoint))
        log = log + grown
        kept.append(log)
    return torch.stack(kept)


def renormalised(values: Tensor) -> tuple[Tensor, Tensor]:
    """[B, ...] scaled to length 1 over all axes but the first, and the logarithm of the length [B]; 0 stays 0."""
    norm = values.flatten(1).norm(dim=1)
    scale = norm.view(-1, *[1] * (values.dim() - 1))
    return torch.where(scale > 0, values / scale, 0.0), norm.log()


def rows_before(lengths: Tensor, lag: int) -> Tensor:
    """[B]: the row of the step that leads from `lag` steps before the last state to the next; 0 where there is none."""
    return (lengths - lag).clamp(min=0)


def longest_lag(lengths: Tensor) -> int:
    """K: half of the sequences have as many states, or more."""
    return int(lengths.double().quantile(0.5, interpolation="lower").item())


def averaged(log_gain_KB: Tensor, lengths: Tensor) -> LagProfile:
    """Mean and quantiles over the sequences that are long enough for each lag."""
    by_lag = [values[lengths > lag] for lag, values in enumerate(log_gain_KB)]
    q10, q90 = (torch.stack([_quantile(values, q) for values in by_lag]) for q in (0.1, 0.9))
    return LagProfile(torch.stack([values.mean() for values in by_lag]), q10, q90)


def _quantile(values: Tensor, q: float) -> Tensor:
    found = values.quantile(q)
    # between two -inf, or -inf and a number, interpolation has no answer: then the lower of the two
    return values.quantile(q, interpolation="lower") if found.isnan() else found
