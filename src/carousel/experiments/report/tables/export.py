"""Every number of the report as plain CSV files, unrounded: tables/NAME.csv in the run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from carousel.experiments.decision.verdict import Row, Verdict
from carousel.experiments.decision.verdicts_json import Judgement
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
    judgement: Judgement,
    summary: pl.DataFrame,
    slopes: pl.DataFrame,
    figures: Mapping[str, pl.DataFrame],
) -> dict[str, pl.DataFrame]:
    """Name -> frame, in the order of the page. figures: the rows of each figure that shows any, and
    what the network of a file answered."""
    verdicts, thresholds = judgement.verdicts, judgement.thresholds
    return {
        "verdicts": pl.DataFrame([_claim(v) for v in verdicts], schema=CLAIM, orient="row"),
        "comparisons": pl.DataFrame(list(_comparisons(verdicts)), schema=COMPARISON, orient="row"),
        "evidence": _evidence(verdicts),
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


def _effect(of: Verdict | Row) -> dict[str, Any]:
    low, high = of.effect.ci95.as_json()
    named = {"effect": of.effect.name, "unit": of.effect.unit}
    return {**named, "value": of.effect.value, "low": low, "high": high, "n": of.n}


def _claim(verdict: Verdict) -> dict[str, Any]:
    return {"claim": verdict.claim, "verdict": verdict.verdict, **_effect(verdict)}


def _comparisons(verdicts: Sequence[Verdict]) -> Iterator[dict[str, Any]]:
    for verdict in verdicts:
        for row in verdict.rows:
            extra = {name: getattr(row, name) for name in ("reason", "seeds_needed", "best", "decides")}
            yield {"claim": verdict.claim, "where": row.where, "verdict": row.verdict, **_effect(row), **extra}


def _evidence(verdicts: Sequence[Verdict]) -> pl.DataFrame:
    rows = [{"claim": verdict.claim, "file": file} for verdict in verdicts for file in verdict.evidence]
    return pl.DataFrame(rows, schema={"claim": pl.String(), "file": pl.String()}, orient="row")
