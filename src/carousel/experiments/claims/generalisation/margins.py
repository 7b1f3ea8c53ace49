"""The margins of claim 5."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class GeneralisationMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    sources: int = 3  # how many tasks a general statement needs
    fit_score: float = 0.95  # accuracy or R2 on its training set from which a network counts as having fitted it
    loss_window: float = 0.05  # share of the steps in the running mean of the training loss


MARGINS = GeneralisationMargins()
