"""The result of a calibration as plain data: what `carousel calibrate` writes and the package stores.

{"schema": 2, "version": "...", "date": "YYYY-MM-DD", "seed": 0, "repetitions": 1000,
 "oracles": [{"name", "expected", "found", "tolerance", "met"}], "rules": {id: see measure.Calibration.of}}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from carousel.experiments.decision.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from carousel.experiments.calibration.scenario import Scenario

SCHEMA = 2  # since each rule names the thresholds that it holds for


def rule_digest(scenario: Scenario) -> str:
    """16 hexadecimal digits that change with any margin that a rule goes by, its claim's own and the shared ones, and
    with the interim analyses at which it is asked, and the pairs that an answer waits for: its figures are good for
    those they were made with."""
    made_with = {
        **THRESHOLDS.as_dict(),
        **scenario.claim.margins.as_dict(),
        "interim_analyses": [*scenario.interim_analyses],
        "planned": [*scenario.planned],
        "seeds": scenario.claim.seeds,
        **({"pairs": scenario.pairs} if scenario.pairs > 1 else {}),
    }
    return hashlib.sha256(json.dumps(made_with, sort_keys=True).encode()).hexdigest()[:16]


def result(repetitions: int, seed: int, oracles: Iterable[Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was found, with what it holds for."""
    return {
        "schema": SCHEMA,
        "version": version("carousel-rnn"),
        "date": date.today().isoformat(),
        "seed": seed,
        "repetitions": repetitions,
        "oracles": list(oracles),
        "rules": dict(rules),
    }


def worst(shares: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The largest of some shares; None of none."""
    return max(shares, key=lambda share: float(share["rate"]), default=None)


def false_if_same(rule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The worst rate of false verdicts among contenders that are the same, over the numbers of seeds tried."""
    return worst(row["false"] for row in rule["same"])


def false_at_limits(rule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The worst rate of either verdict where the truth lies exactly on a margin."""
    return worst(share for limit in rule["limits"] for share in limit["false"].values())


def power(rule: Mapping[str, Any], curve: str = "alone") -> Mapping[str, Any]:
    """The share of runs in which the sensible effect is found."""
    points = {point["size"]: point["found"] for point in rule["power"][curve]}
    return dict(points[rule["power"]["sensible"]])
