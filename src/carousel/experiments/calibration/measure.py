"""A scenario many times over: how often its rule contradicts the truth, and how often it finds what was planted.

Judged as a run of the standard budget is, one interim analysis after the other
(carousel.experiments.decision.interim).

Shares come with Clopper and Pearson's 95 % interval. Each repetition has a random stream of its own, named by seed,
scenario, question and number, so that a result depends neither on the order nor on what else was measured; the sizes of
a power curve share their streams.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from carousel.experiments.calibration.results import rule_digest
from carousel.experiments.calibration.scenario import OUTCOMES, Scenario, Truth
from carousel.experiments.calibration.simulated import FIRST_SEED
from carousel.experiments.claims import ids
from carousel.experiments.decision.interim import sequentially
from carousel.experiments.decision.statistics.power import POWER
from carousel.experiments.decision.statistics.rates import clopper_pearson
from carousel.experiments.decision.thresholds import THRESHOLDS


class Question(NamedTuple):
    """What is asked of a scenario many times over; `stream` names its random numbers. interim_analyses: the
    plan's, and none where `seeds` are judged once."""

    stream: str
    truth: Truth
    seeds: int
    interim_analyses: tuple[int, ...] = ()

    @classmethod
    def of(cls, scenario: Scenario, stream: str, truth: Truth) -> Question:
        """At the standard budget."""
        return cls(stream, truth, scenario.interim_analyses[-1], scenario.planned)


@dataclass(frozen=True)
class Calibration:
    """`repetitions` of each question; a power curve takes a quarter of them at each size."""

    repetitions: int
    seed: int

    def of(self, scenario: Scenario) -> dict[str, Any]:
        """All figures of one scenario, as plain data."""
        return {
            "claim": scenario.claim.id,
            "thresholds": rule_digest(scenario),
            "interim_analyses": list(scenario.interim_analyses),
            "unit": scenario.unit,
            "same": self._same(scenario),
            "limits": [self._limit(scenario, k) for k in range(len(scenario.limits))],
            "power": self._power(scenario),
        }

    def outcomes(self, scenario: Scenario, asked: Question, alphas: Sequence[float], n: int) -> list[Counter[str]]:
        """How often each outcome came, at each error; the runs are the same ones."""
        from numpy.random import default_rng

        stream = zlib.crc32(f"{scenario.id} {asked.stream}".encode())
        found: list[Counter[str]] = [Counter() for _ in alphas]
        for k in range(n):
            evidence = scenario.made(default_rng([self.seed, stream, k]), asked.seeds, asked.truth)
            seeds = tuple(range(FIRST_SEED, FIRST_SEED + asked.seeds))
            plan = evidence.plan.model_copy(
                update={"reporting_seeds": seeds, "interim_analyses": asked.interim_analyses}
            )
            for counter, alpha in zip(found, alphas, strict=True):
                settled = sequentially([scenario.claim], replace(evidence, plan=plan), alpha)
                counter[scenario.outcome(settled.verdicts[0])] += 1
        return found

    def _same(self, scenario: Scenario) -> list[dict[str, Any]]:
        if scenario.same is None:
            return []
        rows = []
        once = [Question(f"same {seeds}", scenario.same, seeds) for seeds in scenario.few_seeds]
        for asked in (*once, Question.of(scenario, "same", scenario.same)):
            (found,) = self.outcomes(scenario, asked, [THRESHOLDS.alpha], self.repetitions)
            rows.append({"seeds": asked.seeds, "false": share(found, scenario.false_if_same)})
        return rows

    def _limit(self, scenario: Scenario, number: int) -> dict[str, Any]:
        truth, words = scenario.limits[number]
        asked = Question.of(scenario, f"limit {number}", truth)
        (found,) = self.outcomes(scenario, asked, [THRESHOLDS.alpha], self.repetitions)
        return {"truth": dict(truth), "false": {word: share(found, OUTCOMES[word]) for word in words}}

    def _power(self, scenario: Scenario) -> dict[str, Any]:
        alone, holm = THRESHOLDS.alpha, THRESHOLDS.alpha / len(ids())  # the first step of Holm's order
        curves: dict[str, list[dict[str, Any]]] = {"alone": [], "holm": []}
        for size in scenario.sizes:
            asked = Question.of(scenario, "power", scenario.planted(size))
            found = self.outcomes(scenario, asked, [alone, holm], max(1, self.repetitions // 4))
            for curve, counts in zip(curves.values(), found, strict=True):
                curve.append({"size": size, "found": share(counts, {"supported"})})
        smallest = {name: smallest_found(curve) for name, curve in curves.items()}
        return {"sensible": scenario.sensible, **curves, "smallest": smallest}


def share(found: Counter[str], words: Iterable[str]) -> dict[str, Any]:
    """Of all repetitions, those with one of these outcomes."""
    n, hits = found.total(), sum(found[word] for word in set(words))
    return {"count": hits, "n": n, "rate": hits / n, "ci95": list(clopper_pearson(hits, n, 0.05))}


def smallest_found(curve: list[dict[str, Any]]) -> float | None:
    """The smallest size from which on every larger one is found with power .8."""
    found = None
    for point in reversed(curve):
        if point["found"]["rate"] < POWER:
            break
        found = point["size"]
    return found
