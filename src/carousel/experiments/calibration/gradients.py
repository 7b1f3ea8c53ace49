"""Claims 1 and 2 under planted truths: slopes, onsets of chaos, gradient spikes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, final

from carousel.experiments.calibration import noise
from carousel.experiments.calibration.scenario import PREFERENCE, Limit, Scenario, Truth
from carousel.experiments.calibration.simulated import FIRST_SEED, STEPS, Row, condition, run, trial
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.exploding.control import control_word
from carousel.experiments.claims.vanishing.claim import START, Vanishing
from carousel.experiments.decision.rules import combine
from carousel.experiments.decision.verdict import Verdict

if TYPE_CHECKING:
    from numpy.random import Generator

    from carousel.experiments.results.evidence import Evidence

_SPECS = ("rnn", "lstm")
_RNNS = ("rnn", "rnn:orthogonal", "rnn-relu:identity")
_LSTMS = ("lstm", "lstm:forget-bias-1", "lstm:keras", "lstm:chrono")
_TASKS, _LENGTHS = ("delayed-recall", "adding"), (10, 30, 100)
_STREAMS, _STREAM_STEPS = 8, 3000
_TRANSIENT = Exploding.margins.lyapunov_transient / _STREAM_STEPS  # what growth in proportion to time reads
_CALM: Truth = {"rnn": noise.RNN_SPIKES, "exponent": -1e-4}
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
    """size: onset of chaos of the LSTM minus that of the RNN."""

    id: ClassVar[str] = "exploding.onset"
    claim = Exploding()
    unit: ClassVar[str] = "gain"
    sizes: ClassVar[tuple[float, ...]] = (0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.3)
    sensible: ClassVar[float] = 1.3  # near 1.6 to 2 for an RNN, near 3 for an LSTM
    grows: ClassVar[bool] = False
    limits: ClassVar[tuple[Limit, ...]] = (Limit({"size": Exploding.margins.onset_margin}),)

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
        return "opposite" if word == "refuted" and any(row.reason == "opposite" for row in onset) else word


@final
class Control(Scenario):
    """size: how many times rarer than the margin spikes are in LSTMs. A standard run: three RNNs and four LSTMs on two
    tasks at three lengths. Spikes come in bursts; RNNs solve earlier, or stop.

    rnn: the share of spikes in RNNs. exponent: the true one of every LSTM; one: of one among them. Both come as they
    are measured, with a standard error over streams. Same against same: both spike alike, ten times more rarely than
    the margin, and all LSTMs are calm, their exponents just below 0. Neither supported nor refuted is then right.
    """

    id: ClassVar[str] = "exploding.control"
    claim = Exploding()
    unit: ClassVar[str] = "times_rarer"
    sizes: ClassVar[tuple[float, ...]] = (3.0, 5.0, 10.0, 30.0, 100.0)
    sensible: ClassVar[float] = 30.0
    same: ClassVar[Truth | None] = {**_CALM, "size": 10.0, "rnn": Exploding.margins.spike_share / 10}
    false_if_same: ClassVar[frozenset[str]] = PREFERENCE | {"refuted"}
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit({**_CALM, "size": 1.0}),
        Limit({**_CALM, "size": 30.0, "exponent": _TRANSIENT}, ("refuted",)),
        Limit({**_CALM, "size": 30.0, "one": Exploding.margins.lyapunov_calm}, ("supported",)),
        Limit({"size": 1.0, "rnn": Exploding.margins.spike_share, "exponent": _TRANSIENT}, ("refuted",)),
    )

    def planted(self, size: float) -> Truth:
        """RNNs spike as often as an identity RNN does."""
        return {**_CALM, "size": size}

    def made(self, rng: Generator, seeds: int, truth: Truth) -> Evidence:
        share = {"RNN": truth["rnn"], "LSTM": Exploding.margins.spike_share / truth["size"]}
        keys = [(task, length, spec) for task in _TASKS for length in _LENGTHS for spec in (*_RNNS, *_LSTMS)]
        rows = [
            _training(rng, condition(task, length), spec, FIRST_SEED + seed, share["RNN" if spec in _RNNS else "LSTM"])
            for task, length, spec in keys
            for seed in range(seeds)
        ]
        lstms = [row for row in rows if row["contender"] in _LSTMS]
        for row in lstms:
            row.update(_exponent(rng, truth["exponent"], noise.EXPONENT_SE))
        if "one" in truth:
            lstms[0].update(_exponent(rng, truth["one"], (noise.EXPONENT_SE[1],)))
        return run((*_RNNS, *_LSTMS), _TASKS, _LENGTHS, rows)

    def outcome(self, verdict: Verdict) -> str:
        parts = {name: [row for row in verdict.rows if row.details["part"] == name] for name in ("control", "contrast")}
        return control_word(parts["control"][0], parts["contrast"])


def _training(rng: Generator, key: str, spec: str, seed: int, share: float) -> Row:
    """Spikes in one burst, anywhere in the longest training; RNNs make 500 to 2,000 of its steps."""
    count = int(rng.negative_binomial(share * STEPS / (noise.BURST - 1), 1 / noise.BURST))
    first = int(rng.integers(1, STEPS + 1))
    steps = int(rng.integers(500, STEPS + 1)) if spec in _RNNS else STEPS
    spikes = sorted((first + k - 1) % STEPS + 1 for k in range(min(count, STEPS)))
    text = " ".join(str(step) for step in spikes if step <= steps)
    return trial(key, spec, seed, solved=False, steps=steps, spike_steps=text)


def _exponent(rng: Generator, truth: float, errors: tuple[float, ...]) -> Row:
    """As measured over streams; its standard error anywhere between two, on a logarithmic scale."""
    spread = math.exp(rng.uniform(math.log(errors[0]), math.log(errors[-1]))) * math.sqrt(_STREAMS)
    found = rng.normal(truth, spread, size=_STREAMS)
    return {
        "lyapunov_end": float(found.mean()),
        "lyapunov_end_se": float(found.std(ddof=1)) / math.sqrt(_STREAMS),
        "lyapunov_end_streams": _STREAMS,
        "lyapunov_end_steps": _STREAM_STEPS,
    }


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
