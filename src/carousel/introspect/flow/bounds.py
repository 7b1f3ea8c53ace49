"""Upper bounds of the gradient by lag, and the gradient: how much the two differ is what the bounds leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.lags import LagProfile, averaged, longest_lag, rows_before
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.products import products
from carousel.introspect.flow.trajectory import Trajectory, exact, trajectory
from carousel.nn.cells import ElmanReLU, ElmanTanh


class Bounds(NamedTuple):
    """All by lag k = 0..K-1, in nats; mean and quantiles over the sequences.

    measured: ln of the 2-norm of ds_T / ds_{T-k}, the most that the gradient of anything can keep.
    by_steps: the sum of ln ||J_t||_2 over the k steps, since a norm is submultiplicative; from the recorded run.
    by_weights: k (ln sigma_max(U D) + ln max|phi'|), before any run; max|phi'| is 1 for tanh and ReLU, D is the dropout
    of the recurrent product. None where the cell is no Elman cell: Pascanu et al. have it for those alone.
    measured <= by_steps <= by_weights in every sequence.
    """

    measured: LagProfile
    by_steps: LagProfile
    by_weights: LagProfile | None


def bounds(
    tape: Recorded, name: str | None = None, *, sequences: Sequence[int] | None = None, call: int | None = None
) -> Bounds:
    """Upper bounds of ln ||ds_T / ds_{T-k}||_2, the norm of the product of the last k Jacobians, and that norm itself.

    Source of both bounds: Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks",
    section 2.1. They bound the norm of the product, hence every lag profile G(k), from above; a bound above 0 does not
    say that a gradient explodes. sequences: which of the batch, None for all. Cost: two decompositions of an S x S
    matrix for each lag and sequence. A run with interventions is refused. Raises what `jacobian` raises.
    """
    steps = trajectory(one_tape(tape, name, call), sequences)
    recurrence, lengths = Recurrence(steps), steps.lengths
    last = longest_lag(lengths) - 1
    measured, by_steps = [torch.zeros(len(lengths), dtype=torch.float64)], [torch.zeros(len(lengths)).double()]
    for product in products(recurrence, lengths, last):
        measured.append(product.log + _log_norm(product.matrix))
        by_steps.append(by_steps[-1] + _log_norm(recurrence.matrix(rows_before(lengths, product.lag))))
    return Bounds(
        averaged(torch.stack(measured), lengths),
        averaged(torch.stack(by_steps), lengths),
        _by_weights(steps, last + 1),
    )


def _log_norm(matrix_BSS: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.matrix_norm(matrix_BSS, ord=2)
    return norm.log()


def _by_weights(steps: Trajectory, lags: int) -> LagProfile | None:
    if not isinstance(steps.cell, ElmanTanh | ElmanReLU):
        return None
    weight = exact(steps.cell.weight_hh).expand(len(steps.lengths), -1, -1)
    per_step = _log_norm(weight if steps.dropout is None else weight * steps.dropout.unsqueeze(1))
    return averaged(torch.arange(lags).unsqueeze(1) * per_step, steps.lengths)
