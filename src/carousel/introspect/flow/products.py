"""Products of Jacobians over a growing lag, renormalised at each step, their scale kept as a logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.lags import renormalised, rows_before


class Product(NamedTuple):
    """ds_T / ds_{T-lag} = exp(log) matrix. matrix: [B, S, S], of Frobenius norm 1, or 0. log: [B], nats."""

    lag: int
    matrix: Tensor
    log: Tensor


def products(recurrence: Recurrence, lengths: Tensor, last: int) -> Iterator[Product]:
    """For lag = 1 .. last, each sequence counted from its own end; anything at lags beyond a sequence's beginning."""
    matrix, log = recurrence.identity(), torch.zeros(len(lengths), dtype=torch.float64)
    for lag in range(1, last + 1):
        matrix, grown = renormalised(recurrence.pull(rows_before(lengths, lag), matrix))  # row by row: P J
        log = log + grown
        yield Product(lag, matrix, log)
