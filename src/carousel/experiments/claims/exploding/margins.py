"""The margins of claim 2."""

from __future__ import annotations

import math
from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class ExplodingMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    onset_margin: float = 0.1  # in scale: less is no later onset, of gains near 1.4 (tanh RNN) and 3.2 (LSTM)
    spike_share: float = 1e-4
    spike_burst: float = 8.0  # variance over mean of the number of spikes in a training, at least; they come in bursts
    lyapunov_calm: float = 0.01  # nats per step; below it a disturbance takes 70 steps or more to double
    lyapunov_transient: float = math.log(3)  # nats over a stream, see exponents.py; below it, growth is no chaos


MARGINS = ExplodingMargins()
