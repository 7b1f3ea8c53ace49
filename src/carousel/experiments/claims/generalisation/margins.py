"""The margins of claim 5."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class GeneralisationMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    sources: int = 3  # how many tasks a general statement needs
    sizes: int = 2  # how many sizes of its training set must give a task its answer
    counted_share: float = 0.5  # of the seeds that must be left when those that cannot tell are taken out
    fit_score: float = 0.95  # accuracy or R2 on its training set from which a network counts as having fitted it
    loss_window: float = 0.05  # share of the steps in the running mean of the training loss


MARGINS = GeneralisationMargins()
