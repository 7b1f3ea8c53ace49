"""The seven claims, in their order."""

from __future__ import annotations

from carousel.claims.attention import Attention
from carousel.claims.base import Claim
from carousel.claims.exploding import Exploding
from carousel.claims.gates import Gates
from carousel.claims.generalisation import Generalisation
from carousel.claims.length import Length
from carousel.claims.stacking import Stacking
from carousel.claims.vanishing import Vanishing


def all_claims() -> list[Claim]:
    """One of each, 1 to 7."""
    return [Vanishing(), Exploding(), Length(), Gates(), Generalisation(), Stacking(), Attention()]
