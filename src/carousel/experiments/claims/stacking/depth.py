"""The rule of claim 6: what depth gains at fixed parameters, on one family of tasks, and over the families."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from carousel.experiments.claims.stacking.margins import MARGINS
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, mean_row, missing_row
from carousel.experiments.decision.results import BySeed, Results, is_number, solved
from carousel.experiments.decision.rules import SIZE, by_size
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import difference
from carousel.experiments.decision.verdict import Effect, Row, Word
from carousel.experiments.tables import TrialRow

RATE = ("depth_gain", "solved_rate")
BITS = ("depth_gain_bits", "share_more")
Measure = Literal["bits", "rate"]


def depths(results: Results, source: str) -> tuple[list[str], list[str]]:
    """The LSTM contenders of one layer, and of several."""
    layers, specs = results.layers(source), results.specs(source, "LSTM")
    return [s for s in specs if layers[s] == 1], [s for s in specs if layers[s] > 1]


def declared_depths(results: Results, source: str) -> list[tuple[str, str]]:
    """Every declared depth with one layer of the same cell and initialisation: (one, several)."""
    made = {c.spec: (c.cell, c.init) for c in results.evidence.plan.contenders[source]}
    one, several = depths(results, source)
    return [(shallow, deep) for shallow in one for deep in several if made[shallow] == made[deep]]


def measure_of(trials: Sequence[TrialRow]) -> Measure | None:
    """What a source is judged by: the bits memorised, else the solved-rate; None where it has neither."""
    if any(is_number(row.memorised_bits) for row in trials):
        return "bits"
    return "rate" if any(row.solved is not None for row in trials) else None


def gain_row(shallow: BySeed, deep: BySeed, where: str, alpha: float, **about: Any) -> Row:
    """Deep against shallow under one condition."""
    measure = measure_of([*shallow.values(), *deep.values()])
    if not shallow or not deep:
        return missing_row(where, RATE, **about)
    if measure is None:
        return Row(where, "not-tested", "no_line", Effect(*RATE), 0, **about)
    return (_bits_row if measure == "bits" else _rate_row)(shallow, deep, where, alpha, **about)


def families(words: Sequence[Word]) -> Word:
    """Over the families that were tested: conditional where one gains and one does not, or one is conditional itself.
    Supported where two gain. Refuted where at least two do not, and too few are left for two to gain."""
    tested = [word for word in words if word != "not-tested"]
    if not tested:
        return "not-tested"
    gained, lost, required = tested.count("supported"), tested.count("refuted"), MARGINS.depth_families
    if "conditional" in tested or (gained and lost):
        return "conditional"
    if gained >= required:
        return "supported"
    return "refuted" if lost >= required > len(tested) - lost else "inconclusive"


def decidable(n: int, alpha: float) -> bool:
    """Whether `n` seeds a depth could decide: all solved against none."""
    sides = ((n, n), (0, n)), ((0, n), (n, n))
    answers = (by_size(difference(*pair, alpha), MARGINS.depth_rate) for pair in sides)
    return any(answer.verdict != "inconclusive" for answer in answers)


def _rate_row(shallow: BySeed, deep: BySeed, where: str, alpha: float, **about: Any) -> Row:
    """Solved-rates. Not tested where one layer solves so much that the gain has no room."""
    few, many = ((sum(bool(solved(r)) for r in rows.values()), len(rows)) for rows in (shallow, deep))
    if few[0] / few[1] > 1 - MARGINS.depth_rate:
        return Row(where, "not-tested", "no_room", Effect(*RATE), 0, details={"shallow": list(few)}, **about)
    verdict, reason = by_size(difference(many, few, alpha), MARGINS.depth_rate)
    needed = _seeds_needed(many, few, alpha) if verdict == "inconclusive" else None
    details: Details = {"level": 1 - alpha, "shallow": list(few), "deep": list(many)}
    effect = Effect(*RATE, many[0] / many[1] - few[0] / few[1], difference(many, few, SHOWN))
    n = min(few[1], many[1])
    return Row(where, verdict, reason, effect, n, seeds_needed=needed, details=details, **about)


def _seeds_needed(many: tuple[int, int], few: tuple[int, int], alpha: float) -> int | None:
    """Seeds at which the same two rates would decide."""
    rates = [solved / n for solved, n in (many, few)]

    def decides(n: int) -> bool:
        ends = difference((rates[0] * n, n), (rates[1] * n, n), alpha)
        return by_size(ends, MARGINS.depth_rate).verdict != "inconclusive"

    return smallest_n(decides, max(many[1], few[1]) + 1)


def _bits_row(shallow: BySeed, deep: BySeed, where: str, alpha: float, **about: Any) -> Row:
    """Ratios of bits, paired by seed: judged as logarithms, shown as shares gained."""
    few, many = (
        {s: row.memorised_bits for s, row in rows.items() if is_number(row.memorised_bits)} for rows in (shallow, deep)
    )
    seeds = [seed for seed in sorted(few.keys() & many.keys()) if few[seed] > 0 and many[seed] > 0]
    logs = [math.log(many[seed] / few[seed]) for seed in seeds]
    row = mean_row(where, BITS, logs, math.log1p(MARGINS.depth_bits), alpha, rule=SIZE, **about)
    value = row.effect.value
    if value is None:
        return row
    if any(_table_is_full(list(rows.values())) for rows in (shallow, deep)):
        row = replace(row, verdict="inconclusive", reason="table_full", seeds_needed=None)
    means = [math.fsum(bits[s] for s in seeds) / len(seeds) for bits in (few, many)]
    details: Details = {**row.details, "shallow_bits": means[0], "deep_bits": means[1]}
    ends = Interval(*(math.expm1(min(end, 700.0)) for end in row.effect.ci95))
    return replace(row, effect=Effect(*BITS, math.expm1(value), ends), details=details)


def _table_is_full(trials: Sequence[TrialRow]) -> bool:
    """Hardly a bit of the table is left, so that nobody could have held much more; unknown counts as no."""
    left = [row.test_loss / row.chance_loss for row in trials if is_number(row.test_loss)]
    return bool(left) and math.fsum(left) / len(left) < MARGINS.table_left
