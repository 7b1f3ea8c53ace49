"""The claims, in their order. A new one is a folder next to the others, and a line here."""

from __future__ import annotations

from itertools import chain

from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.claims.base import Claim
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.gates.claim import Gates
from carousel.experiments.claims.generalisation.claim import Generalisation
from carousel.experiments.claims.length.claim import Length
from carousel.experiments.claims.stacking.claim import Stacking
from carousel.experiments.claims.vanishing.claim import Vanishing
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.runner.requirement import Requirement

CLAIMS: tuple[Claim, ...] = (
    Vanishing(),
    Exploding(),
    Length(),
    Gates(),
    Generalisation(),
    Stacking(),
    Attention(),
)


def all_claims() -> tuple[Claim, ...]:
    """One of each, in their order."""
    return CLAIMS


def ids() -> tuple[str, ...]:
    """Their names, as `--claims` takes them."""
    return tuple(claim.id for claim in all_claims())


def requirements() -> tuple[Requirement, ...]:
    """What planning must provide for them."""
    return tuple(claim.requirement for claim in all_claims())


def thresholds() -> dict[str, float | int]:
    """Every margin of every rule by name: the shared ones, then those of each claim."""
    return dict(chain(THRESHOLDS.as_dict().items(), *(claim.margins.as_dict().items() for claim in all_claims())))
