"""Claims 4, 6 and 7: stated, and not tested by this version."""

from __future__ import annotations

from typing import ClassVar, final

from carousel.claims.base import Claim, Verdict
from carousel.claims.readings import Readings


@final
class Gates(Claim):
    """Gates keep the key information and ignore noise."""

    id: ClassVar[str] = "gates"
    effect: ClassVar[tuple[str, str]] = ("clamp_drop", "score")

    def judge(self, readings: Readings, alpha: float) -> Verdict:
        """Not tested: interventions on gates are not measured yet."""
        return self.not_tested("gates")


@final
class Stacking(Claim):
    """More LSTM layers raise expressiveness."""

    id: ClassVar[str] = "stacking"
    effect: ClassVar[tuple[str, str]] = ("depth_gain", "solved_rate")

    def judge(self, readings: Readings, alpha: float) -> Verdict:
        """Not tested: depth at fixed parameters is not measured yet."""
        return self.not_tested("stacking")


@final
class Attention(Claim):
    """Self-attention surpasses both on some tasks."""

    id: ClassVar[str] = "attention"
    effect: ClassVar[tuple[str, str]] = ("attention_gap", "score")

    def judge(self, readings: Readings, alpha: float) -> Verdict:
        """Not tested: there is a Transformer contender, but neither the recall tasks nor their mirror set."""
        return self.not_tested("attention")
