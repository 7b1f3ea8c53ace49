"""verdicts.json as typed verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from carousel.common.texts import Text
from carousel.experiments.decision.results import Pair
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.verdict import Effect, Row, Verdict

_ROW = ("where", "verdict", "reason", "n", "condition", "best", "decides", "seeds_needed")


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
