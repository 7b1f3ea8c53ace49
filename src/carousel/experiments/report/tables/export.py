"""Every number of the report as plain CSV files, unrounded: tables/NAME.csv in the run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from carousel.experiments.results.evidence import Evidence

_FORMULA = r"^[=+\-@\t\r]"  # how a text begins that a spreadsheet would calculate
CLAIM = {
    **dict.fromkeys(("claim", "verdict", "effect", "unit"), pl.String()),
    **dict.fromkeys(("value", "low", "high"), pl.Float64()),
    "n": pl.Int64(),
}
COMPARISON = {
    **dict.fromkeys(("claim", "where", "verdict", "effect", "unit"), pl.String()),
    **dict.fromkeys(("value", "low", "high"), pl.Float64()),
    "n": pl.Int64(),
    "reason": pl.String(),
    "seeds_needed": pl.Int64(),
    **dict.fromkeys(("best", "decides"), pl.Boolean()),
}


def frames(
    evidence: Evidence,
    verdicts: Mapping[str, Any],
    summary: pl.DataFrame,
    slopes: pl.DataFrame,
    figures: Mapping[str, pl.DataFrame],
) -> dict[str, pl.DataFrame]:
    """Name -> frame, in the order of the page. figures: the rows of each figure that shows any."""
    claims = verdicts["claims"]
    thresholds = verdicts.get("thresholds", {})
    return {
        "verdicts": pl.DataFrame([_claim(c) for c in claims], schema=CLAIM, orient="row"),
        "comparisons": pl.DataFrame(list(_comparisons(claims)), schema=COMPARISON, orient="row"),
        "evidence": _evidence(claims),
        "contenders": summary,
        "trials": evidence.trials,
        "slopes": slopes,
        "onset": evidence.onset,
        "thresholds": pl.DataFrame(
            {"threshold": list(thresholds), "value": [float(v) for v in thresholds.values()]},
            schema={"threshold": pl.String(), "value": pl.Float64()},
        ),
        **figures,
    }


def csv(frame: pl.DataFrame) -> str:
    """The frame as CSV. A text that a spreadsheet would run as a formula gets a ' before it, and is shown as it is."""
    texts = pl.selectors.string()
    formula = texts.str.contains(_FORMULA)
    return frame.with_columns(pl.when(formula).then("'" + texts).otherwise(texts).name.keep()).write_csv()


def _effect(row: Mapping[str, Any]) -> dict[str, Any]:
    effect = row.get("effect") or {}
    low, high = effect.get("ci95") or (None, None)
    named = {"effect": effect.get("name"), "unit": effect.get("unit")}
    return {**named, "value": effect.get("value"), "low": low, "high": high, "n": row.get("n")}


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {"claim": claim["id"], "verdict": claim["verdict"], **_effect(claim)}


def _comparisons(claims: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for claim in claims:
        for row in claim["conditions"]:
            extra = {name: row.get(name) for name in ("reason", "seeds_needed", "best", "decides")}
            yield {"claim": claim["id"], "where": row["where"], "verdict": row["verdict"], **_effect(row), **extra}


def _evidence(claims: list[Mapping[str, Any]]) -> pl.DataFrame:
    rows = [{"claim": claim["id"], "file": file} for claim in claims for file in claim.get("evidence", ())]
    return pl.DataFrame(rows, schema={"claim": pl.String(), "file": pl.String()}, orient="row")
