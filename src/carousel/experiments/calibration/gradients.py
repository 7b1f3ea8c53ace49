"""Claims 1 and 2 under planted truths: slopes, onsets of chaos, gradient spikes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, final

from carousel.experiments.calibration import noise
from carousel.experiments.calibration.scenario import Limit, Scenario, Truth
from carousel.experiments.calibration.simulated import FIRST_SEED, STEPS, Row, condition, run, trial
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.vanishing.claim import START, Vanishing
from carousel.experiments.decision.rules import combine
from carousel.experiments.decision.verdict import Verdict

if TYPE_CHECKING:
    from numpy.random import Generator

    from carousel.experiments.results.evidence import Evidence

_SPECS = ("rnn", "lstm")
_GROUPS = 30  # LSTM contenders, times the conditions that each was trained under
_LENGTH = 1000  # long enough to see the horizons


@final
class Slopes(Scenario):
    """size: slope of the LSTM minus that of the RNN. The LSTM's is -.04, so that horizons differ by a factor of 2 from
    a size of .04 on; with equal slopes both are -.3."""

    id: ClassVar[str] = "vanishing"
    claim = Vanishing()
    unit: ClassVar[str] = "nats_per_step"
    sizes: ClassVar[tuple[float, ...]] = (0.06, 0.08, 0.1, 0.12, 0.14, 0.17, 0.2, 0.25, 0.3)
    sensible: ClassVar[float] = 0.2
    grows: ClassVar[bool] = False
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": Vanishing.margins.slope_margin}),)

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        lstm = -0.04 if truth["size"] else -0.3
        slopes = {"rnn": lstm - truth["size"], "lstm": lstm}
        rows = [
            _profile(spec, seed, rng.normal(slopes[spec], noise.SLOPE[spec]))
            for spec in _SPECS
            for seed in range(seeds)
        ]
        return run(_SPECS, ["delayed-recall"], [_LENGTH], slopes=rows)


@final
class Onset(Scenario):
    """size: onset of chaos of the LSTM minus that of the RNN. The margin is 0, so that same and limit are one."""

    id: ClassVar[str] = "exploding.onset"
    claim = Exploding()
    unit: ClassVar[str] = "gain"
    sizes: ClassVar[tuple[float, ...]] = (0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.3)
    sensible: ClassVar[float] = 1.3  # near 1.6 to 2 for an RNN, near 3 for an LSTM
    grows: ClassVar[bool] = False
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": 0.0}, ("supported", "opposite")),)

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        gains = {"rnn": 4.0, "lstm": 4.0 + truth["size"]}
        rows = [
            {"family": spec.upper(), "cell": spec, "seed": seed, "gain": rng.normal(gains[spec], noise.ONSET[spec])}
            for spec in _SPECS
            for seed in range(seeds)
        ]
        return run(_SPECS, ["delayed-recall"], [30], onset=rows)

    def outcome(self, verdict: Verdict) -> str:
        onset = [row for row in verdict.rows if row.details["part"] == "onset"]
        word = combine(onset)
        return "opposite" if word == "refuted" else word


@final
class Control(Scenario):
    """size: how many times rarer than the margin spikes are, in 300 LSTM trainings of a standard run (10 seeds of each
    contender under each condition). They come in bursts. No contender is compared, so there is no same."""

    id: ClassVar[str] = "exploding.control"
    claim = Exploding()
    unit: ClassVar[str] = "times_rarer"
    sizes: ClassVar[tuple[float, ...]] = (2.0, 3.0, 5.0, 7.0, 10.0, 30.0)
    sensible: ClassVar[float] = 10.0
    same: ClassVar[Truth | None] = None
    grows: ClassVar[bool] = False
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": 1.0}),)

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        mean = Exploding.margins.spike_share / truth["size"] * STEPS
        spikes = rng.negative_binomial(mean / (noise.BURST - 1), 1 / noise.BURST, size=_GROUPS * seeds)
        rows = [
            trial(f"adding/T={n // seeds + 1}", "lstm", FIRST_SEED + n % seeds, solved=False, spike_share=spike / STEPS,
                  lyapunov_end=-0.05)
            for n, spike in enumerate(spikes)
        ]  # fmt: skip
        return run(_SPECS, ["adding"], range(1, _GROUPS + 1), rows)

    def outcome(self, verdict: Verdict) -> str:
        return combine([row for row in verdict.rows if row.details["part"] == "control"])


def _profile(spec: str, seed: int, slope: float) -> Row:
    """What a straight profile of that slope gives."""
    allocation = math.log(1e-3) / slope if slope < 0 else math.inf
    return {
        "contender": spec,
        "condition": condition("delayed-recall", _LENGTH),
        "moment": START,
        "seed": seed,
        "slope": slope,
        "horizon": math.floor(min(allocation, _LENGTH - 1)),
        "horizon_censored": allocation >= _LENGTH - 1,
    }
