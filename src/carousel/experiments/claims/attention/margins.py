"""The margins of claim 7."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class AttentionMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    attention_gap: float = 0.2  # solved-rate; the mean scores must agree
    attention_tasks: int = 2  # tasks that must have been tested before "on none" is said
    attention_rates: int = 5  # learning rates tuned on each side


MARGINS = AttentionMargins()
