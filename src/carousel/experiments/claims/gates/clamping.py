"""Part A of claim 4, gates do it: what clamping a gate costs, and whether the gate marks the key.

Judged for each LSTM contender under each condition, among the networks that solved the task. The statement holds where
some gate does it, so that all its gates are looked at together, each at a share of the error (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from carousel.experiments.claims.gates.margins import MARGINS
from carousel.experiments.claims.gates.networks import Side, seeds_needed
from carousel.experiments.columns import GATES, auroc, clamp_drop
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import Record, numbers, solved
from carousel.experiments.decision.rules import Answer
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdict import Effect, Row

EFFECT = ("clamp_drop", "accuracy")


class Gate(NamedTuple):
    """One named gate: a drop and an AUROC for each network."""

    name: str
    drops: list[float]
    aurocs: list[float]

    @property
    def cost(self) -> float:
        """The mean drop."""
        return math.fsum(self.drops) / len(self.drops)


def clamping_rows(trials: Sequence[Record], where: str, alpha: float, **about: Any) -> list[Row]:
    """The deciding row of one contender under one condition, with a row for each of its gates below it."""
    solvers = [row for row in trials if solved(row)]
    about["details"] = {"part": "gates"}
    gates = gates_of(solvers)
    if not gates:
        reason = "unsolved" if gates_of(trials) else "no_probe"
        return [Row(where, "not-tested", reason, Effect(*EFFECT), 0, **about)]
    level, shown, each = alpha / len(gates), SHOWN / len(gates), len(trials) / len(solvers)
    rows = [_gate_row(gate, where, level, shown, each, **{**about, "decides": False}) for gate in gates]
    leading = max(rows, key=lambda row: (row.verdict == "supported", row.effect.value))
    verdict, reason = some_gate([Answer(row.verdict, row.reason) for row in rows])
    about["details"] = {**leading.details}
    needed = _until_some(rows) if verdict == "inconclusive" else None
    return [Row(where, verdict, reason, leading.effect, leading.n, seeds_needed=needed, **about), *rows]


def gates_of(trials: Sequence[Record]) -> list[Gate]:
    """The gates that both were measured of, in some of the trials."""
    read = [Gate(name, numbers(trials, clamp_drop(name)), numbers(trials, auroc(name))) for name in GATES]
    return [gate for gate in read if gate.drops and gate.aurocs]


def gate_answer(gate: Gate, alpha: float) -> Answer:
    """Supported: clamping costs more than .2 and the AUROC is above .8, both by interval. Refuted: one of the two is
    below, by interval; the two ways share the error (Bonferroni)."""
    drop, marks = (mean_interval(values, alpha) for values in (gate.drops, gate.aurocs))
    if drop.above(MARGINS.clamp_drop) and marks.above(MARGINS.gate_auroc):
        return Answer("supported", "beyond")
    drop, marks = (mean_interval(values, alpha / 2) for values in (gate.drops, gate.aurocs))
    if drop.below(MARGINS.clamp_drop):
        return Answer("refuted", "clamp_small")
    if marks.below(MARGINS.gate_auroc):
        return Answer("refuted", "unmarked")
    return Answer("inconclusive", "wide")


def some_gate(answers: Sequence[Answer]) -> Answer:
    """Supported where one gate is; refuted where every gate is."""
    words = [answer.verdict for answer in answers]
    if "supported" in words:
        return Answer("supported", "beyond")
    return Answer("refuted", "no_gate") if set(words) == {"refuted"} else Answer("inconclusive", "wide")


def _until_some(rows: Sequence[Row]) -> int | None:
    """Seeds until the first open gate has an answer: if it is that the gate does it, nothing else is asked."""
    return min((row.seeds_needed for row in rows if row.seeds_needed is not None), default=None)


def _gate_row(gate: Gate, where: str, level: float, shown: float, each: float, **about: Any) -> Row:
    verdict, reason = gate_answer(gate, level)
    marks = math.fsum(gate.aurocs) / len(gate.aurocs)
    details = {
        **about.pop("details"),
        "gate": gate.name,
        "level": 1 - level,
        "auroc": marks,
        "auroc_interval": list(mean_interval(gate.aurocs, shown).within(0, 1)),
    }
    effect = Effect(*EFFECT, gate.cost, mean_interval(gate.drops, shown).within(-1, 1))
    sides = (
        Side(gate.drops, MARGINS.clamp_drop, True, each),
        Side(gate.aurocs, MARGINS.gate_auroc, True, each),
    )
    needed = seeds_needed(sides, level) if verdict == "inconclusive" else None
    n = min(len(gate.drops), len(gate.aurocs))
    return Row(f"{where}, {gate.name}", verdict, reason, effect, n, seeds_needed=needed, details=details, **about)
