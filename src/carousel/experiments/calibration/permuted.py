"""Real trainings with their labels swapped by chance: how often does a rule then prefer one of two equals?

Two contenders of a run are taken at random and, of each seed by the toss of a coin, everything that was measured of one
is said of the other. So no difference is left between them, while every number is of a real training: what simulated
runs may have left out (two modes, ties, trainings that diverge, tails) is in it. A verdict that prefers one is false.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER
from carousel.experiments.calibration.measure import share
from carousel.experiments.calibration.scenario import PREFERENCE, outcome
from carousel.experiments.claims import all_claims
from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from numpy.random import Generator

    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.plan import Contender, Plan

_CLAMPED = ("selectivity", "selectivity_clamped")  # of one network: with its gates, and with them clamped

_Partners = Mapping[tuple[str, str], str]  # from a source and a contender to whom it is swapped with


class Sides(NamedTuple):
    """The contenders of a source that a claim may prefer, and those that it may prefer them to."""

    ours: list[Contender]
    others: list[Contender]


def measure(evidence: Evidence, repetitions: int, seed: int) -> dict[str, Any]:
    """By claim that the run can answer: the share of permuted runs with a verdict that prefers one side."""
    return {claim.id: false_verdicts(claim, evidence, repetitions, seed) for claim in _able(evidence)}


def false_verdicts(claim: Claim, evidence: Evidence, repetitions: int, seed: int) -> dict[str, Any]:
    """The share of permuted runs in which a claim, judged alone at the whole error, prefers one side."""
    from numpy.random import default_rng

    asked = Results(evidence).asked(claim.id).evidence
    found: Counter[str] = Counter()
    for k in range(repetitions):
        permuted = permute(asked, claim, default_rng([seed, zlib.crc32(claim.id.encode()), k]))
        found[outcome(claim.judge(Results(permuted), THRESHOLDS.alpha))] += 1
    return share(found, PREFERENCE)


def permute(evidence: Evidence, claim: Claim, rng: Generator) -> Evidence:
    """The run with one contender a side in each source, their labels swapped at random seeds."""
    plan = evidence.plan
    found = ((source.name, _pair(plan, source.name, claim, rng)) for source in plan.sources)
    pairs = {name: pair for name, pair in found if pair is not None}
    swapped = {each: bool(rng.integers(2)) for each in (*plan.reporting_seeds, *plan.untrained_seeds)}
    kept = {
        "sources": tuple(source for source in plan.sources if source.name in pairs),
        "contenders": {name: tuple(pair) for name, pair in pairs.items()},
        "interim_analyses": (),
    }
    partners = {(name, a.spec): b.spec for name, pair in pairs.items() for a, b in (pair, pair[::-1])}
    trials = _relabelled(evidence.trials, partners, swapped)
    return replace(
        evidence,
        plan=plan.model_copy(update=kept),
        trials=_clamped_swapped(trials, rng),
        slopes=_relabelled(evidence.slopes, partners, swapped),
        onset=_onset_swapped(evidence.onset, swapped),
    )


def _able(evidence: Evidence) -> Sequence[Claim]:
    return [c for c in all_claims() if evidence.plan.asks(c.id) and c.why_not(evidence.plan) is None]


def _sides(plan: Plan, source: str, claim: Claim) -> Sides:
    """RNNs and LSTMs; for depth the LSTMs of one layer and of more; for attention recurrences and Transformers."""
    made = plan.contenders[source]
    if claim.id == "attention":
        ours = [c for c in made if c.cell == TRANSFORMER]
        return Sides(ours, [c for c in made if FAMILY_OF_CELL[c.cell] in RECURRENT])
    lstms = [c for c in made if FAMILY_OF_CELL[c.cell] == "LSTM"]
    if claim.id == "stacking":
        return Sides([c for c in lstms if c.layers > 1], [c for c in lstms if c.layers == 1])
    return Sides(lstms, [c for c in made if FAMILY_OF_CELL[c.cell] == "RNN"])


def _pair(plan: Plan, source: str, claim: Claim, rng: Generator) -> tuple[Contender, Contender] | None:
    sides = _sides(plan, source, claim)
    if not all(sides):
        return None
    ours, other = (side[int(rng.integers(len(side)))] for side in sides)
    return ours, other


def _relabelled(frame: pl.DataFrame, partners: _Partners, swapped: Mapping[int, bool]) -> pl.DataFrame:
    """Rows of the chosen contenders alone; of a swapped seed each has the other's name, but for tuning trials."""
    rows = frame.select("source", "contender", "seed", *({"phase"} & set(frame.columns))).to_dicts()
    label: list[str | None] = []
    for row in rows:
        partner = partners.get((row["source"], row["contender"]))
        stays = row.get("phase") == "tuning" or not swapped.get(row["seed"], False)
        label.append(None if partner is None else row["contender"] if stays else partner)
    named = frame.with_columns(pl.Series("contender", label, dtype=pl.String))
    return named.filter(pl.col("contender").is_not_null())


def _onset_swapped(frame: pl.DataFrame, swapped: Mapping[int, bool]) -> pl.DataFrame:
    """Of a swapped seed the gains of the first RNN cell and the first LSTM cell are exchanged; other cells leave."""
    cells = {family: next(iter(frame.filter(family=family)["cell"]), None) for family in ("RNN", "LSTM")}
    if None in cells.values():
        return frame
    other = dict(zip(cells, reversed(cells), strict=True))
    kept = frame.filter(pl.col("cell").is_in(list(cells.values())))
    family = [other[f] if swapped.get(s, False) else f for f, s in kept.select("family", "seed").iter_rows()]
    return kept.with_columns(pl.Series("family", family), pl.Series("cell", [cells[f] for f in family]))


def _clamped_swapped(frame: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """Of random trials, what was read with the gates and with them clamped is exchanged: clamping costs nothing."""
    if not set(_CLAMPED) <= set(frame.columns):
        return frame
    with_gates, clamped = (pl.col(name) for name in _CLAMPED)
    toss = pl.Series(rng.integers(2, size=len(frame)).astype(bool))
    both = clamped.is_not_null() & with_gates.is_not_null() & toss
    return frame.with_columns(
        pl.when(both).then(clamped).otherwise(with_gates).alias(_CLAMPED[0]),
        pl.when(both).then(with_gates).otherwise(clamped).alias(_CLAMPED[1]),
    )
