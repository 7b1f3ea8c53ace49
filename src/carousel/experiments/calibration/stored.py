"""The calibration that this version was released with, as every report prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from carousel.common.texts import LANGUAGES, both, text
from carousel.experiments.calibration.results import false_at_limits, false_if_same
from carousel.experiments.decision.verdict import Both
from carousel.experiments.decision.wording import SEPARATOR, join, number

FILE = "stored.json"


@cache
def stored() -> dict[str, Any]:
    """The stored result (calibration.results)."""
    return dict(json.loads(resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")))


def sentence(result: Mapping[str, Any] | None = None) -> Both:
    """How good the rules were found to be, in both languages."""
    result = stored() if result is None else result
    rules = result["rules"]
    same = _worst({name: false_if_same(rule) for name, rule in rules.items()})
    limit = _worst({name: false_at_limits(rule) for name, rule in rules.items()})
    oracles = result["oracles"]
    return join(
        both("claims.calibration.made", **{name: result[name] for name in ("date", "version", "repetitions")}),
        both("claims.calibration.oracles", met=sum(o["met"] for o in oracles), total=len(oracles)),
        both("claims.calibration.same", **same),
        both("claims.calibration.limit", **limit),
        _power(rules),
    )


def _worst(found: Mapping[str, Mapping[str, Any] | None]) -> dict[str, str]:
    rule, share = max(((n, s) for n, s in found.items() if s), key=lambda pair: float(pair[1]["rate"]))
    return {"rule": rule, "rate": percent(share["rate"]), "limit": percent(share["ci95"][1])}


def _power(rules: Mapping[str, Any]) -> Both:
    """The smallest effect that is found with power .8, rule by rule."""
    listed = {lang: SEPARATOR[lang].join(_smallest(n, r, lang) for n, r in rules.items()) for lang in LANGUAGES}
    return {lang: text("claims.calibration.power", lang, listed=listed[lang]) for lang in LANGUAGES}


def _smallest(name: str, rule: Mapping[str, Any], lang: str) -> str:
    size = rule["power"]["smallest"]["alone"]
    if size is None:
        return text("claims.calibration.never", lang, rule=name, seeds=seeds_of(rule))
    unit = text(f"claims.calibration.units.{rule['unit']}", lang)
    return text("claims.calibration.from", lang, rule=name, size=number(size), unit=unit, seeds=seeds_of(rule))


def seeds_of(rule: Mapping[str, Any]) -> str:
    """The seeds that a comparison has at the first interim analysis, and has at most."""
    first, last = rule["interim_analyses"][0], rule["interim_analyses"][-1]
    return str(first) if first == last else f"{first} – {last}"


def percent(rate: float) -> str:
    """ "2.5 %"."""
    return f"{100 * rate:.1f} %"
