"""verdicts.json: what a run came to, as it is written there and read from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from carousel.common.texts import LANGUAGES
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.interim import Taken
from carousel.experiments.decision.results import Pair
from carousel.experiments.decision.skill import Skill
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.verdict import Both, Effect, Row, Verdict, Word

SCHEMA = 3  # since a row says whether it is `firm`


@dataclass(frozen=True)
class Judgement:
    """All that is concluded from a run.

    verdicts: a claim each, in their order. taken: by claim, the interim analysis that its verdict is of. would_change:
    by claim, what would change its verdict; None where it was not tested. advice: which network to use. recommended:
    its name; None where no network is. instead: the simple method advised in its place. skill: of the best network
    against the best simple method; None where the run had none. thresholds: every margin of every rule. calibration:
    how often the rules err.
    """

    verdicts: tuple[Verdict, ...]
    taken: Mapping[str, Taken]
    would_change: Mapping[str, Both | None]
    advice: Both
    recommended: str | None
    thresholds: Mapping[str, float | int]
    calibration: Both
    instead: str | None = None
    skill: Skill | None = None

    def as_json(self) -> dict[str, Any]:
        """The value of verdicts.json, which `read_judgement` takes."""
        return {
            "schema": SCHEMA,
            "claims": [verdict.as_json() for verdict in self.verdicts],
            "interim_analyses": {claim: taken._asdict() for claim, taken in self.taken.items()},
            "would_change": dict(self.would_change),
            "advice": self.advice,
            "recommended": self.recommended,
            "instead": self.instead,
            "skill": None if self.skill is None else self.skill.as_json(),
            "thresholds": dict(self.thresholds),
            "calibration": self.calibration,
        }


def read_judgement(value: object, claims: Sequence[str]) -> Judgement:
    """The judgement of a verdicts.json. claims: the ids of those that there are.

    Raises ValueError where the value is not what `Judgement.as_json` gives, or of another version.
    """
    if _Version.model_validate(value, strict=True).number != SCHEMA:
        raise ValueError("it was written by another version")
    found = _Judgement.model_validate(value, strict=True)
    if [claim.id for claim in found.claims] != list(claims):
        raise ValueError("it was written by another version: its claims are others")
    for name, by_claim in (("interim_analyses", found.interim_analyses), ("would_change", found.would_change)):
        if set(by_claim) != set(claims):
            raise ValueError(f"{name}: not of its claims")
    return found.typed()


def _both(found: dict[str, str]) -> Both:
    if set(found) != set(LANGUAGES):
        raise ValueError(f"not a text in {' and '.join(LANGUAGES)}")
    return found


_Both = Annotated[dict[str, str], AfterValidator(_both)]
_Two = Field(min_length=2, max_length=2)
_DETAILS = TypeAdapter(Details)


class _Version(BaseModel):
    number: int = Field(alias="schema")


class _Effect(BaseModel):
    name: str
    unit: str
    value: float | None
    ci95: Annotated[list[float | None], _Two]

    def typed(self) -> Effect:
        return Effect(self.name, self.unit, self.value, Interval.read(self.ci95))


class _Row(BaseModel):
    """Its extra keys are the row's details."""

    model_config = ConfigDict(extra="allow")

    where: str
    verdict: Word
    effect: _Effect
    n: int
    reason: str
    condition: str | None
    pair: Annotated[list[str], _Two] | None
    best: bool
    decides: bool
    seeds_needed: int | None
    firm: bool

    def typed(self) -> Row:
        pair = Pair(*self.pair) if self.pair else None
        about = (self.n, self.condition, pair, self.best, self.decides, self.seeds_needed, (), self.firm)
        written = self.model_extra or {}
        _DETAILS.validate_python(written, strict=True)  # what it returns has its keys in another order
        return Row(self.where, self.verdict, self.reason, self.effect.typed(), *about, cast(Details, written))


class _Claim(BaseModel):
    id: str
    statement: _Both
    verdict: Word
    effect: _Effect
    n: int
    conditions: list[_Row]
    because: _Both
    evidence: list[str]

    def typed(self) -> Verdict:
        rows, evidence = tuple(row.typed() for row in self.conditions), tuple(self.evidence)
        return Verdict(self.id, self.verdict, self.effect.typed(), self.n, self.because, rows, evidence)


class _Skill(BaseModel):
    network: str
    rival: str
    rival_score: float
    value: float | None
    interval: Annotated[list[float | None], _Two]
    unbeaten: list[str]
    better: int
    of: int

    def typed(self) -> Skill:
        return Skill(**{**vars(self), "interval": Interval.read(self.interval), "unbeaten": tuple(self.unbeaten)})


class _Judgement(BaseModel):
    claims: list[_Claim]
    interim_analyses: dict[str, Taken]
    would_change: dict[str, _Both | None]
    advice: _Both
    recommended: str | None
    thresholds: dict[str, int | float]
    calibration: _Both
    instead: str | None = None  # of runs before there were simple methods
    skill: _Skill | None = None

    def typed(self) -> Judgement:
        return Judgement(
            tuple(claim.typed() for claim in self.claims),
            self.interim_analyses,
            self.would_change,
            self.advice,
            self.recommended,
            self.thresholds,
            self.calibration,
            self.instead,
            self.skill.typed() if self.skill else None,
        )
