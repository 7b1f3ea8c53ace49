"""The margins of claim 4."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class GatesMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    selectivity_lost: float = 0.2  # by clamping all gates
    selectivity_rnn: float = 0.1  # an RNN below it passes everything on
    selectivity_lstm: float = 0.5


MARGINS = GatesMargins()
