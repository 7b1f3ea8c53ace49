"""A lag profile in two numbers: the slope and the horizon, as CLAIMS.md defines them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.lags import LagProfile

FIRST_LAG = 5  # the slope is fitted from here on: the first steps are shaped by the readout's direction
HORIZON_GAIN = 1e-3


class Summary(NamedTuple):
    """slope: nats per step, least squares of ln G over the finite lags k >= 5; None where fewer than 3 remain.

    horizon: the largest lag k with G(k) >= 1e-3. censored: the sequence ended before G fell below that.
    """

    slope: float | None
    horizon: int
    censored: bool


def summarise(mean_log_gain: Tensor) -> Summary:
    """Slope and horizon of a mean profile ln G(k), k = 0..K-1."""
    reached = _horizon(mean_log_gain, HORIZON_GAIN)
    return Summary(_slope(mean_log_gain), reached, reached == len(mean_log_gain) - 1)


def slope(profile: LagProfile) -> float | None:
    """Nats per step, of the mean profile; None where fewer than 3 finite lags k >= 5 remain."""
    return _slope(profile.mean)


def horizon(profile: LagProfile, gain: float = HORIZON_GAIN) -> int:
    """The largest lag k, in steps, with G(k) >= gain in the mean profile; K - 1 where the sequences end before G falls
    below it. Raises BadCall for a gain that is not above 0."""
    if not gain > 0:
        raise BadCall("gain is what is left of the gradient", allowed="a number above 0", got=gain)
    return _horizon(profile.mean, gain)


def _horizon(mean_log_gain: Tensor, gain: float) -> int:
    above = (mean_log_gain >= math.log(gain)).nonzero()
    return int(above.max().item()) if len(above) else 0


def _slope(mean_log_gain: Tensor) -> float | None:
    lags = torch.arange(len(mean_log_gain), dtype=torch.float64)
    use = (lags >= FIRST_LAG) & mean_log_gain.isfinite()
    if use.sum() < 3:
        return None
    x, y = lags[use], mean_log_gain[use]
    x = x - x.mean()
    return ((x * y).sum() / (x * x).sum()).item()
