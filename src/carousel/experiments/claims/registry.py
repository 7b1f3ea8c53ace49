"""The seven claims, in their order."""

from __future__ import annotations

from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.claims.base import Claim
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.gates.claim import Gates
from carousel.experiments.claims.generalisation.claim import Generalisation
from carousel.experiments.claims.length.claim import Length
from carousel.experiments.claims.stacking.claim import Stacking
from carousel.experiments.claims.vanishing.claim import Vanishing


def all_claims() -> list[Claim]:
    """One of each, 1 to 7."""
    return [Vanishing(), Exploding(), Length(), Gates(), Generalisation(), Stacking(), Attention()]
