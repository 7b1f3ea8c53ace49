"""verdicts.json as typed verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from carousel.common.texts import Text
from carousel.experiments.decision.results import Pair
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.verdict import Effect, Row, Verdict, Word

_ROW = ("where", "verdict", "reason", "n", "condition", "best", "decides", "seeds_needed")


_PairOfNames = Annotated[list[str], Field(min_length=2, max_length=2)]


class _Effect(BaseModel):
    name: str
    unit: str
    value: float | None
    ci95: list[float | None] = Field(min_length=2, max_length=2)


class _Row(BaseModel):
    where: str
    verdict: Word
    effect: _Effect
    n: int
    reason: str
    condition: str | None
    pair: _PairOfNames | None
    best: bool
    decides: bool
    seeds_needed: int | None


class _Claim(BaseModel):
    id: str
    verdict: Word
    effect: _Effect
    n: int
    conditions: list[_Row]
    because: dict[Literal["en", "zh"], str] = Field(min_length=2)
    evidence: list[str]


class _Judgement(BaseModel):
    claims: list[_Claim]
    interim_analyses: dict[str, Any]
    advice: dict[Literal["en", "zh"], str] = Field(min_length=2)
    recommended: str | None


def check_verdicts(judgement: Mapping[str, Any]) -> None:
    """ValueError where the value of a verdicts.json is not what `judge` gives."""
    found = _Judgement.model_validate(judgement, strict=True)
    if set(found.interim_analyses) != {claim.id for claim in found.claims}:
        raise ValueError("interim_analyses: not of its claims")


def read_verdicts(judgement: Mapping[str, Any], lang: str) -> Mapping[str, Verdict]:
    """By claim, in their order. judgement: the value of verdicts.json. lang: the language that `str(because)` gives."""
    return MappingProxyType({claim["id"]: _verdict(claim, lang) for claim in judgement["claims"]})


def _verdict(claim: Mapping[str, Any], lang: str) -> Verdict:
    rows, evidence = tuple(map(_row, claim["conditions"])), tuple(claim["evidence"])
    effect, because = _effect(claim["effect"]), Text(claim["because"], lang)
    return Verdict(claim["id"], claim["verdict"], effect, claim["n"], because, rows, evidence)


def _row(row: Mapping[str, Any]) -> Row:
    known = {name: row[name] for name in _ROW}
    pair = Pair(*row["pair"]) if row["pair"] else None
    details = {name: value for name, value in row.items() if name not in (*_ROW, "effect", "pair")}
    return Row(**known, effect=_effect(row["effect"]), pair=pair, details=details)


def _effect(effect: Mapping[str, Any]) -> Effect:
    return Effect(effect["name"], effect["unit"], effect["value"], Interval.read(effect["ci95"]))
