"""The margins of claim 3."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class LengthMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    rnn_drop: float = 0.5  # of the solved-rate, shortest to longest
    lstm_drop: float = 0.1
    held_rate: float = 0.5  # solved-rate below which there is nothing to hold, or to fall from


MARGINS = LengthMargins()
