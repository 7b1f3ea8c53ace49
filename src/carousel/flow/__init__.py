"""How gradients travel through time: lag profiles, exponents, the onset of chaos. Float64, renormalised, log-scaled."""

from __future__ import annotations

from carousel.flow.lag_profile import LagProfile, lag_profile
from carousel.flow.lyapunov import largest_exponent
from carousel.flow.onset import onset_gain
from carousel.flow.summary import Summary, summarise

__all__ = ["LagProfile", "Summary", "lag_profile", "largest_exponent", "onset_gain", "summarise"]
