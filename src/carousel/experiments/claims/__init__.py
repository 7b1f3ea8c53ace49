"""Claims: statement + measurement + rule -> verdict. Reads evidence; never trains, never imports torch.

`all_claims()` lists the seven; `judge(evidence)` gives the value of verdicts.json, `sequentially` which
trainings of a run get more seeds. Neither numbers nor tables
libraries are imported before something is judged.
"""

from __future__ import annotations

from carousel.experiments.claims.base import Claim, Effect, Row, Verdict
from carousel.experiments.claims.judge import judge
from carousel.experiments.claims.registry import all_claims
from carousel.experiments.claims.thresholds import THRESHOLDS, Thresholds
from carousel.experiments.decision.interim import sequentially

__all__ = ["THRESHOLDS", "Claim", "Effect", "Row", "Thresholds", "Verdict", "all_claims", "judge", "sequentially"]
