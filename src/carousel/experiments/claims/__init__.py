"""Claims: statement + measurement + rule -> verdict. One folder each. They read evidence, and need no torch.

`all_claims()` lists them; `requirements()` is what planning must provide for them, `thresholds()` their margins.
Neither numbers nor tables libraries are imported before something is judged.
"""

from __future__ import annotations

from carousel.experiments.claims.base import Claim, PairClaim
from carousel.experiments.claims.registry import all_claims, ids, requirements, thresholds

__all__ = ["Claim", "PairClaim", "all_claims", "ids", "requirements", "thresholds"]
