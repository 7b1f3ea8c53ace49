"""What a rule comes to: an effect with its interval, a row for each condition, the verdict of the whole claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from carousel.common.texts import both
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval

if TYPE_CHECKING:
    from carousel.experiments.decision.results import Pair
    from carousel.experiments.runner.plan import Group

Word = Literal["supported", "refuted", "conditional", "inconclusive", "not-tested"]
DECISIVE: frozenset[Word] = frozenset({"supported", "refuted"})
Both = dict[str, str]


@dataclass(frozen=True)
class Effect:
    """A number with its 95 % interval. `name` and `unit` are keys of the catalogue (claims.effects, claims.units)."""

    name: str
    unit: str
    value: float | None = None
    ci95: Interval = UNBOUNDED

    def as_json(self) -> dict[str, Any]:
        """The form of verdicts.json; null where there is no value or no limit."""
        return {"name": self.name, "unit": self.unit, "value": _number(self.value), "ci95": self.ci95.as_json()}


@dataclass(frozen=True)
class Row:
    """The verdict under one condition: a pair of contenders at a source and length, or a part of the claim.

    reason: why, a key of the catalogue (claims.reasons). best: each family's best initialisation. decides: enters
    the claim's verdict; the others are shown only. seeds_needed: to decide, from what was seen; None if unknown.
    rests_on: the groups of trainings whose seeds it counts, and would need more of; none where more would not help.
    firm: its answer holds too where all rows that decide share the error (rules.judged_together).
    """

    where: str
    verdict: Word
    reason: str
    effect: Effect
    n: int
    condition: str | None = None
    pair: Pair | None = None
    best: bool = False
    decides: bool = True
    seeds_needed: int | None = None
    rests_on: tuple[Group, ...] = ()
    firm: bool = True
    details: Details = field(default_factory=Details)

    @property
    def decisive(self) -> bool:
        """Supported or refuted."""
        return self.verdict in DECISIVE

    def shown(self) -> Row:
        """As verdicts.json holds it: without the groups it rests on, which only the next interim analysis asks for."""
        return replace(self, rests_on=(), details=_plain(self.details))

    def as_json(self) -> dict[str, Any]:
        """The form of verdicts.json: where, verdict and effect, with the rest as extra keys."""
        return {
            "where": self.where,
            "verdict": self.verdict,
            "effect": self.effect.as_json(),
            "n": self.n,
            "reason": self.reason,
            "condition": self.condition,
            "pair": list(self.pair) if self.pair else None,
            "best": self.best,
            "decides": self.decides,
            "seeds_needed": self.seeds_needed,
            "firm": self.firm,
            **self.shown().details,
        }


@dataclass(frozen=True)
class Verdict:
    """What one claim came to. `evidence`: the raw files it rests on, relative to the run folder."""

    claim: str
    verdict: Word
    effect: Effect
    n: int
    because: Both
    rows: tuple[Row, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def statement(self) -> Both:
        """What is claimed, in both languages."""
        return both(f"claims.{self.claim}.statement")

    def as_json(self) -> dict[str, Any]:
        """One entry of `claims` in verdicts.json."""
        return {
            "id": self.claim,
            "statement": self.statement,
            "verdict": self.verdict,
            "effect": self.effect.as_json(),
            "n": self.n,
            "conditions": [row.as_json() for row in self.rows],
            "because": self.because,
            "evidence": list(self.evidence),
        }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _plain(value: Any) -> Any:
    """JSON has no infinity: null says that there is no limit."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _number(value) if isinstance(value, float) else value
