"""The margins of claim 2."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class ExplodingMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    spike_share: float = 1e-4
    spike_burst: float = 8.0  # variance over mean of the number of spikes in a training, at least; they come in bursts
    lyapunov: float = 0.0  # nats per step; a trained network above it is chaotic


MARGINS = ExplodingMargins()
