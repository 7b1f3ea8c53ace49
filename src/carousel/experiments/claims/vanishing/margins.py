"""The margins of claim 1."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class VanishingMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    slope_margin: float = 0.05  # nats per step
    horizon_ratio: float = 2.0


MARGINS = VanishingMargins()
