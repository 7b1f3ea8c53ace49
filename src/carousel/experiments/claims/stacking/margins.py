"""The margins of claim 6."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.experiments.decision.thresholds import Margins


@dataclass(frozen=True)
class StackingMargins(Margins):
    """Texts: claims.thresholds.<name>, in this folder."""

    depth_rate: float = 0.1  # solved-rate gained by depth
    depth_bits: float = 0.1  # bits gained by depth, as a share
    table_left: float = 0.1  # of the bits in a table of random labels; with less left it cannot tell networks apart
    depth_families: int = 2  # families of tasks that must agree


MARGINS = StackingMargins()
