"""Synthetic evidence: a run folder's numbers with effects planted in them, for tests of claims and report.

Nothing here is trained. `planted()` gives frames with exactly the columns `study.evidence` documents,
values of realistic size; every planted effect is an argument, so that a test knows the answer it must get.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from carousel.names import FAMILY_OF_CELL, TRANSFORMER
from carousel.study.evidence import Evidence
from carousel.study.plan import Condition, Contender, FileSource, Plan, Source, TaskSource, Training

SPECS = ("rnn", "rnn:orthogonal", "lstm", "lstm:forget-bias-1", "lstm:chrono", "gru")
MOMENTS = ("initialisation", "early", "end")
RATES = (0.001, 0.003, 0.01)
SLOPES = {"rnn": -0.54, "rnn:orthogonal": -0.14, "lstm": -0.45, "lstm:forget-bias-1": -0.15, "gru": -0.38}
SOLVED = {
    ("rnn", 30): 0.9,
    ("rnn", 100): 0.1,
    ("rnn:orthogonal", 30): 1.0,
    ("rnn:orthogonal", 100): 0.6,
    ("lstm", 30): 0.0,
    ("lstm", 100): 0.0,
    ("lstm:forget-bias-1", 30): 0.9,
    ("lstm:forget-bias-1", 100): 0.2,
    ("lstm:chrono", 30): 1.0,
    ("lstm:chrono", 100): 1.0,
    ("gru", 30): 1.0,
    ("gru", 100): 0.7,
}
ACCURACY = {
    "rnn": 0.90,
    "rnn:orthogonal": 0.92,
    "lstm": 0.94,
    "lstm:forget-bias-1": 0.95,
    "gru": 0.95,
    "lstm:chrono": 0.95,
}
HIDDEN = {"rnn": 73, "lstm": 36, "gru": 42, "transformer": 20}
TRIAL_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("trial", "phase", "source"), pl.String),
    "length": pl.Int64,
    **dict.fromkeys(("condition", "contender", "family", "cell", "init"), pl.String),
    **dict.fromkeys(("layers", "hidden", "parameters"), pl.Int64),
    "learning_rate": pl.Float64,
    "seed": pl.Int64,
    "outcome": pl.String,
    "solved": pl.Boolean,
    **dict.fromkeys(("score", "validation_score", "training_score", "baseline_score"), pl.Float64),
    **dict.fromkeys(("training_loss", "test_loss", "chance_loss", "rmse"), pl.Float64),
    **dict.fromkeys(("steps", "steps_to_solved", "best_step"), pl.Int64),
    **dict.fromkeys(("seconds", "gradient_norm_max", "spike_share", "nan_share", "lyapunov_end"), pl.Float64),
    "kernel": pl.String,
    "state_bits": pl.Int64,
    "flow_refused": pl.String,
}
_NETWORK: dict[str, Any] = dict.fromkeys(("contender", "family", "condition", "source"), pl.String)
PROFILE_SCHEMA: dict[str, Any] = {
    **_NETWORK,
    "length": pl.Int64,
    "seed": pl.Int64,
    "moment": pl.String,
    "learning_rate": pl.Float64,
    "lag": pl.Int64,
    **dict.fromkeys(("log_gain", "log_gain_q10", "log_gain_q90"), pl.Float64),
}
SLOPE_SCHEMA: dict[str, Any] = {
    **_NETWORK,
    "length": pl.Int64,
    "seed": pl.Int64,
    "moment": pl.String,
    "slope": pl.Float64,
    "horizon": pl.Int64,
    "horizon_censored": pl.Boolean,
    "lags": pl.Int64,
}
OCCLUSION_SCHEMA: dict[str, Any] = {
    **_NETWORK,
    **dict.fromkeys(("length", "seed", "lag_from", "lag_to", "sequences"), pl.Int64),
    "score_drop": pl.Float64,
}
BLOCKS = ((0, 1), (1, 2), (2, 4), (4, 8), (8, 16))
ONSET_SCHEMA: dict[str, Any] = {"family": pl.String, "cell": pl.String, "seed": pl.Int64, "gain": pl.Float64}


@dataclass(frozen=True)
class Effects:
    """What is planted. Every mapping falls back to the realistic value for a contender it does not name."""

    slopes: Mapping[str, float] = field(default_factory=dict)  # spec -> nats per step
    slope_spread: float = 0.01  # standard deviation over seeds
    solved: Mapping[tuple[str, int], float] = field(default_factory=dict)  # (spec, length) -> probability
    scores: Mapping[str, float] = field(default_factory=dict)  # spec -> score on the whole sequence (file)
    gains: Mapping[str, float] = field(default_factory=dict)  # spec -> score gained from shortest to whole history
    score_spread: float = 0.01
    onset: Mapping[str, float] = field(default_factory=lambda: {"rnn": 1.8, "lstm": 3.0, "gru": 2.4})  # by cell
    onset_spread: float = 0.1
    spikes: Mapping[str, float] = field(default_factory=dict)  # spec -> spike share
    drops: Mapping[tuple[str, int], float] = field(default_factory=dict)  # (spec, first lag) -> score lost by occlusion
    lyapunov: Mapping[str, float] = field(default_factory=dict)  # spec -> exponent at the end, nats per step
    baseline: float = 0.125


def planted(
    folder: Path,
    *,
    seeds: int = 5,
    source_kind: Literal["task", "file"] = "task",
    specs: Iterable[str] = SPECS,
    sources: Iterable[str] | None = None,
    lengths: Iterable[int] | None = None,
    flow_seeds: int = 10,
    effects: Effects | None = None,
    steps: int = 600,
    chance_seed: int = 0,
    write_curves: bool = True,
    with_profiles: bool = True,
) -> Evidence:
    """A made-up run: tuning on seed 0, reporting on seeds 1..`seeds`; curves in `folder`/trials.

    `write_curves` and `with_profiles` leave out what only figures and claim 5's matched losses need."""
    specs, effects = tuple(specs), effects or Effects()
    plan = _plan(source_kind, specs, sources, lengths, seeds, flow_seeds, steps)
    rng = np.random.default_rng(chance_seed)
    trials = pl.DataFrame(_trials(plan, effects, rng), schema=TRIAL_SCHEMA, orient="row")
    profiles, slopes = _flow(plan, effects, rng, with_profiles)
    if write_curves:
        for row in trials.iter_rows(named=True):
            _write_curve(folder, row, rng)
    return Evidence(
        folder=folder,
        plan=plan,
        trials=trials,
        profiles=profiles,
        slopes=slopes,
        onset=_onset(plan, effects, rng),
        occlusion=_occlusion(plan, effects, rng),
        environment={
            "carousel": "0.1.0",
            "python": "3.11.9",
            "torch": "2.13.0",
            "cpu": "made up",
            "kernels": {"torch": 1},
        },
        card=_card() if source_kind == "file" else None,
    )


def contender(spec: str) -> Contender:
    """A contender of about 6,600 parameters from its spec."""
    cell, _, init = spec.partition(":")
    hidden = HIDDEN[cell]
    return Contender(spec=spec, cell=cell, init=init or "default", layers=1, hidden=hidden, parameters=6600 + hidden)


def _plan(
    kind: str,
    specs: tuple[str, ...],
    sources: Iterable[str] | None,
    lengths: Iterable[int] | None,
    seeds: int,
    flow: int,
    steps: int,
) -> Plan:
    if kind == "file":
        names, default = tuple(sources or ("utterances",)), (0, 5, 10)
        made: tuple[Source, ...] = tuple(FileSource(name=n, file=f"{n}.csv", sha256="0" * 64) for n in names)
    else:
        names, default = tuple(sources or ("delayed-recall", "adding")), (30, 100)
        made = tuple(TaskSource(name=n) for n in names)
    return Plan(
        budget="quick",
        sources=made,
        lengths=tuple(lengths or default),
        contenders={n: tuple(contender(s) for s in specs) for n in names},
        learning_rates=RATES,
        tuning_seeds=(0,),
        reporting_seeds=tuple(range(1, seeds + 1)),
        flow_seeds=flow,
        training=Training(steps=steps),
        parameters=6600,
    )


def _trials(plan: Plan, effects: Effects, rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for condition in plan.conditions():
        for made in plan.contenders[condition.source]:
            best = RATES[int(rng.integers(len(RATES)))]
            for seed in plan.tuning_seeds:
                for rate in RATES:
                    penalty = 0.0 if rate == best else 0.05
                    rows.append(_trial(plan, effects, condition, made, rate, seed, "tuning", penalty, rng))
            for seed in plan.reporting_seeds:
                rows.append(_trial(plan, effects, condition, made, best, seed, "reporting", 0.0, rng))
    return rows


def _trial(
    plan: Plan,
    effects: Effects,
    condition: Condition,
    made: Contender,
    rate: float,
    seed: int,
    phase: str,
    penalty: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    score, solved, outcome = _result(plan, effects, condition, made.spec, rng)
    score -= penalty
    steps = plan.training.steps
    to_solved = 100 * int(rng.integers(1, max(2, steps // 150))) if solved else None
    name = hashlib.sha256(f"{condition.key} {made.spec} {rate} {seed}".encode()).hexdigest()[:16]
    chance_loss = math.log(1 / effects.baseline)
    loss = chance_loss * max(0.01, 1 - score) * float(rng.uniform(0.9, 1.1))
    return {
        "trial": name,
        "phase": phase,
        "source": condition.source,
        "length": condition.length,
        "condition": condition.key,
        "contender": made.spec,
        "family": FAMILY_OF_CELL[made.cell],
        "cell": made.cell,
        "init": made.init,
        "layers": made.layers,
        "hidden": made.hidden,
        "parameters": made.parameters,
        "learning_rate": rate,
        "seed": seed,
        "outcome": outcome,
        "solved": solved,
        "score": score,
        "validation_score": score + float(rng.normal(0, 0.003)),
        "training_score": min(1.0, score + 0.01),
        "baseline_score": effects.baseline,
        "training_loss": loss,
        "test_loss": loss * 1.05,
        "chance_loss": chance_loss,
        "rmse": None,
        "steps": min(steps, to_solved + 100) if to_solved else steps,
        "steps_to_solved": to_solved,
        "best_step": to_solved or steps,
        "seconds": float(rng.uniform(0.9, 1.1)) * (1 + condition.length / 30) * (2.0 if made.cell == "lstm" else 1.3),
        "gradient_norm_max": float(np.exp(rng.normal(1.5, 0.7))),
        "spike_share": effects.spikes.get(made.spec, 0.0),
        "nan_share": 0.0,
        "lyapunov_end": effects.lyapunov.get(made.spec, -0.05) + float(rng.normal(0, 0.005)),
        "kernel": "torch",
        "state_bits": 32 * made.hidden,
        "flow_refused": None,
    }


def _result(
    plan: Plan, effects: Effects, condition: Condition, spec: str, rng: np.random.Generator
) -> tuple[float, bool | None, str]:
    if plan.sources[0].kind == "file":
        score = effects.scores.get(spec, ACCURACY.get(spec, 0.95))
        if condition.length:
            past = sorted(n for n in plan.lengths if n)
            remaining = 1 - past.index(condition.length) / len(past)
            score -= remaining * effects.gains.get(spec, 0.2)
        return score + float(rng.normal(0, effects.score_spread)), None, "stalled"
    at = (spec, condition.length)
    probability = effects.solved.get(at, SOLVED.get(at, 0.5))
    if rng.random() < probability:
        return min(1.0, 0.985 + float(rng.normal(0, 0.005))), True, "solved"
    return effects.baseline + abs(float(rng.normal(0, effects.score_spread))), False, "hopeless"


def _slope(effects: Effects, spec: str, length: int) -> float:
    if spec == "lstm:chrono" and spec not in effects.slopes:
        return -1.1 / (length or 20)
    return effects.slopes.get(spec, SLOPES.get(spec, -0.3))


def _flow(
    plan: Plan, effects: Effects, rng: np.random.Generator, with_profiles: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    profiles, slopes = [pl.DataFrame(schema=PROFILE_SCHEMA)], []
    for condition in plan.conditions():
        steps = condition.length or 20
        for made in (c for c in plan.contenders[condition.source] if c.cell != TRANSFORMER):
            network = {
                "contender": made.spec,
                "family": FAMILY_OF_CELL[made.cell],
                "condition": condition.key,
                "source": condition.source,
                "length": condition.length,
            }
            for moment in MOMENTS:
                seeds = range(plan.flow_seeds) if moment == "initialisation" else plan.reporting_seeds
                easier = {"initialisation": 1.0, "early": 0.8, "end": 0.6}[moment]
                for seed in seeds:
                    slope = easier * _slope(effects, made.spec, steps) + float(rng.normal(0, effects.slope_spread))
                    rate = None if moment == "initialisation" else 0.003
                    if with_profiles:
                        profiles.append(
                            _profile(
                                {**network, "seed": seed, "moment": moment, "learning_rate": rate},
                                slope,
                                steps,
                                rng,
                            )
                        )
                    horizon = math.floor(math.log(1e-3) / slope) if slope < 0 else steps
                    censored = horizon >= steps - 1
                    measured = {
                        "slope": slope,
                        "horizon": min(horizon, steps - 1),
                        "horizon_censored": censored,
                    }
                    slopes.append({**network, "seed": seed, "moment": moment, **measured, "lags": steps})
    return pl.concat(profiles), pl.DataFrame(slopes, schema=SLOPE_SCHEMA, orient="row")


def _profile(about: dict[str, Any], slope: float, steps: int, rng: np.random.Generator) -> pl.DataFrame:
    lag = np.arange(steps)
    mean = slope * lag + np.cumsum(rng.normal(0, 0.01, steps))
    mean -= mean[0]
    width = 0.4 * np.sqrt(lag)
    columns = {"lag": lag, "log_gain": mean, "log_gain_q10": mean - width, "log_gain_q90": mean + width}
    repeated = {name: pl.Series(name, [value] * steps, dtype=PROFILE_SCHEMA[name]) for name, value in about.items()}
    return pl.DataFrame({**repeated, **columns}, schema_overrides=PROFILE_SCHEMA).select(list(PROFILE_SCHEMA))


def _onset(plan: Plan, effects: Effects, rng: np.random.Generator) -> pl.DataFrame:
    cells = sorted({c.cell for made in plan.contenders.values() for c in made} - {TRANSFORMER})
    rows = [
        {
            "family": FAMILY_OF_CELL[cell],
            "cell": cell,
            "seed": seed,
            "gain": float(rng.normal(effects.onset[cell], effects.onset_spread)),
        }
        for cell in cells
        for seed in range(plan.flow_seeds)
    ]
    return pl.DataFrame(rows, schema=ONSET_SCHEMA, orient="row")


def _occlusion(plan: Plan, effects: Effects, rng: np.random.Generator) -> pl.DataFrame:
    """Of a file seen whole: every block of every contender and seed; by default the lags 2 and 3 are worth .1."""
    rows = [
        {
            "contender": made.spec,
            "family": FAMILY_OF_CELL[made.cell],
            "condition": source.name,
            "source": source.name,
            "length": 0,
            "seed": seed,
            "lag_from": first,
            "lag_to": end,
            "sequences": 54,
            "score_drop": effects.drops.get((made.spec, first), 0.1 * (first == 2)) + float(rng.normal(0, 0.01)),
        }
        for source in plan.sources
        if isinstance(source, FileSource)
        for made in plan.contenders[source.name]
        for seed in plan.reporting_seeds
        for first, end in BLOCKS
    ]
    return pl.DataFrame(rows, schema=OCCLUSION_SCHEMA, orient="row")


def _fall(start: float, end: float, step: np.ndarray) -> np.ndarray:
    """From `start` to `end`, exponentially over the steps."""
    return end + (start - end) * np.exp(-5 * step / step[-1])


def _write_curve(folder: Path, row: Mapping[str, Any], rng: np.random.Generator) -> None:
    steps = int(row["steps"])
    step = np.arange(1, steps + 1)
    checks = pl.Series([None if n % 100 else n for n in step], dtype=pl.Int64)
    curve = pl.DataFrame(
        {
            "step": step,
            "loss": _fall(row["chance_loss"], row["training_loss"], step) * np.exp(rng.normal(0, 0.05, steps)),
            "gradient_norm": np.exp(rng.normal(-0.5, 0.5, steps)),
            "validation_score": _fall(row["baseline_score"], row["validation_score"], step),
        }
    ).with_columns(validation_score=pl.when(checks.is_not_null()).then(pl.col("validation_score")))
    target = folder / "trials" / f"{row['trial']}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    curve.write_parquet(target)


def _card() -> dict[str, Any]:
    counts = {str(n): 30 for n in range(1, 10)}
    return {
        "file": "utterances.csv",
        "format": "csv",
        "kind": "classification",
        "sequences": 270,
        "lengths": {"min": 7, "median": 15, "max": 26},
        "channels": [f"lpc_{n}" for n in range(1, 13)],
        "missing": {},
        "classes": counts,
        "split": {"how": "group", "training": 162, "validation": 54, "test": 54, "seed": 0},
        "scaling": "training mean and standard deviation",
        "target": "speaker",
        "notes": [],
    }
