"""Claims 4, 6 and 7 under planted truths: gates and selectivity, depth, attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, final

from carousel.experiments.calibration import noise
from carousel.experiments.calibration.scenario import Limit, Scenario, Truth
from carousel.experiments.calibration.simulated import BASELINE, RATES, Row, condition, run, trial
from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.claims.gates.claim import Gates
from carousel.experiments.claims.stacking.claim import Stacking
from carousel.experiments.columns import MEMORISED_BITS, SELECTIVITY, SELECTIVITY_CLAMPED
from carousel.experiments.decision.rules import combine
from carousel.experiments.decision.verdict import Verdict

if TYPE_CHECKING:
    from numpy.random import Generator

    from carousel.experiments.results.evidence import Evidence

_TASK, _LENGTH = "random-recall", 30  # it has the gate probe
_KEYED = condition(_TASK, _LENGTH)


class _Probed(Scenario):
    """Networks that all solved the task, one part of claim 4."""

    claim = Gates()
    part: ClassVar[str]

    def outcome(self, verdict: Verdict) -> str:
        rows = [row for row in verdict.rows if row.details["part"] == self.part]
        word = combine(rows)
        reversed_ = any(row.decides and row.reason == "opposite" for row in rows)
        return "opposite" if word == "refuted" and reversed_ else word


@final
class Clamping(_Probed):
    """size: selectivity lost by clamping all gates. same: the gates do nothing for it."""

    id: ClassVar[str] = "gates.clamping"
    part: ClassVar[str] = "gates"
    unit: ClassVar[str] = "selectivity_lost"
    sizes: ClassVar[tuple[float, ...]] = (0.22, 0.24, 0.26, 0.3, 0.35, 0.4, 0.5)
    sensible: ClassVar[float] = 0.3
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": Gates.margins.selectivity_lost}),)

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        rows = []
        for seed in range(seeds):
            free, lost = rng.normal(0.7, noise.SELECTIVITY), rng.normal(truth["size"], noise.LOST)
            found = {SELECTIVITY: free, SELECTIVITY_CLAMPED: free - lost}
            rows.append(trial(_KEYED, "lstm", 100 + seed, solved=True) | found)
        return run(["rnn", "lstm"], [_TASK], [_LENGTH], rows)


@final
class Selecting(_Probed):
    """size: selectivity of the LSTM minus that of the RNN, half on each side of the middle of the two margins (.3).
    same: both at .3."""

    id: ClassVar[str] = "gates.selectivity"
    part: ClassVar[str] = "rnn"
    unit: ClassVar[str] = "selectivity"
    sizes: ClassVar[tuple[float, ...]] = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
    sensible: ClassVar[float] = 0.8
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit({"size": Gates.margins.selectivity_lstm - Gates.margins.selectivity_rnn}),  # both at their margins
    )

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        middle = (Gates.margins.selectivity_lstm + Gates.margins.selectivity_rnn) / 2
        means = {"rnn": middle - truth["size"] / 2, "lstm": middle + truth["size"] / 2}
        rows = [
            trial(_KEYED, spec, 100 + seed, solved=True)
            | {SELECTIVITY: rng.normal(mean, noise.SELECTIVITY)}
            for spec, mean in means.items()
            for seed in range(seeds)
        ]  # fmt: skip
        return run(["rnn", "lstm"], [_TASK], [_LENGTH], rows)


@final
class DepthRate(Scenario):
    """size: solved-rate gained by two layers, up from `from` (planted: up to 1), on three families of tasks alike."""

    id: ClassVar[str] = "stacking.rate"
    claim = Stacking()
    unit: ClassVar[str] = "solved_rate"
    pairs: ClassVar[int] = 3
    sizes: ClassVar[tuple[float, ...]] = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    sensible: ClassVar[float] = 0.7
    same: ClassVar[Truth | None] = {"size": 0.0, "from": 0.5}
    limits: ClassVar[tuple[Limit, ...]] = tuple(
        Limit({"size": Stacking.margins.depth_rate, "from": start}) for start in (0.0, 0.45, 0.9)
    )

    def planted(self, size: float) -> Truth:
        return {"size": size, "from": 1.0 - size}

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        rates = {"lstm": truth["from"], "lstm,layers=2": truth["from"] + truth["size"]}
        sources = ("delayed-recall", "adding", "parity")
        rows = [
            trial(f"{source}/T=30", spec, 100 + seed, solved=bool(rng.random() < rate))
            for source in sources
            for spec, rate in rates.items()
            for seed in range(seeds)
        ]
        return run([*rates], sources, [30], rows)


@final
class DepthBits(Scenario):
    """size: bits gained by two layers, as a share: one family of tasks, whose row is looked at."""

    id: ClassVar[str] = "stacking.bits"
    claim = Stacking()
    unit: ClassVar[str] = "share_more"
    sizes: ClassVar[tuple[float, ...]] = (0.12, 0.14, 0.16, 0.18, 0.2, 0.25)
    sensible: ClassVar[float] = 0.2
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": Stacking.margins.depth_bits}),)

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        logs = {"lstm": math.log(5.0), "lstm,layers=2": math.log(5.0 * (1 + truth["size"]))}
        rows = [
            trial("random-labels", spec, 100 + seed) | {MEMORISED_BITS: math.exp(rng.normal(log, noise.BITS))}
            for spec, log in logs.items()
            for seed in range(seeds)
        ]
        return run([*logs], ["random-labels"], [0], rows)

    def outcome(self, verdict: Verdict) -> str:
        row = verdict.rows[0]
        return "opposite" if row.reason == "opposite" else row.verdict


@final
class AttentionGap(Scenario):
    """size: solved-rate of the Transformer minus that of the recurrent network, up from `from` (planted: up to 1), on
    two tasks alike, and one of the mirror set."""

    id: ClassVar[str] = "attention"
    claim = Attention()
    unit: ClassVar[str] = "solved_rate"
    sizes: ClassVar[tuple[float, ...]] = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    sensible: ClassVar[float] = 0.8
    same: ClassVar[Truth | None] = {"size": 0.0, "from": 0.5}
    limits: ClassVar[tuple[Limit, ...]] = tuple(
        Limit({"size": Attention.margins.attention_gap, "from": start}) for start in (0.0, 0.4, 0.8)
    )

    def planted(self, size: float) -> Truth:
        return {"size": size, "from": 1.0 - size}

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        rates = {"lstm": truth["from"], "transformer": truth["from"] + truth["size"]}
        sources = ("delayed-recall", "copy-memory", "parity")
        rows: list[Row] = []
        for source in sources:
            for spec, rate in rates.items():
                where = f"{source}/T=30"
                rows += [trial(where, spec, 0, solved=True, phase="tuning", learning_rate=each) for each in RATES]
                rows += [_attempt(rng, where, spec, 100 + seed, rate) for seed in range(seeds)]
        return run([*rates], sources, [30], rows)


def _attempt(rng: Generator, where: str, spec: str, seed: int, rate: float) -> Row:
    """Two modes: solved, or not, where the score is somewhere near chance."""
    solved = bool(rng.random() < rate)
    return trial(where, spec, seed, solved=solved, score=1.0 if solved else BASELINE + abs(rng.normal(0, noise.FAILED)))
