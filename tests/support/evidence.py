"""Synthetic evidence: a run folder's numbers with effects planted in them, for tests of claims and report.

Nothing here is trained. `planted()` gives frames with exactly the columns `study.evidence` documents,
values of realistic size; every planted effect is an argument, so that a test knows the answer it must get.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.kept import schema
from carousel.experiments.runner.plan import Condition, Contender, FileSource, Plan, Source, TaskSource, Training
from carousel.experiments.tables import TRIALS, TrialRow
from tests.support.effects import ACCURACY, HIDDEN, RATES, SOLVED, SPECS, Effects
from tests.support.measured import flow, occlusion, onset


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
    """A simulated run: tuning on seed 0, reporting on seeds 1..`seeds`; curves in `folder`/trials.

    `write_curves` and `with_profiles` leave out what only figures and claim 5's matched losses need."""
    specs, effects = tuple(specs), effects or Effects()
    plan = _plan(source_kind, specs, sources, lengths, seeds, flow_seeds, steps)
    rng = np.random.default_rng(chance_seed)
    trials = pl.DataFrame(_trials(plan, effects, rng), schema=schema(TRIALS), orient="row")
    profiles, slopes = flow(plan, effects, rng, with_profiles)
    if write_curves:
        for row in trials.iter_rows(named=True):
            _write_curve(folder, row, rng)
    return Evidence(
        folder=folder,
        plan=plan,
        trials=trials,
        profiles=profiles,
        slopes=slopes,
        onset=onset(plan, effects, rng),
        occlusion=occlusion(plan, effects, rng),
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
        untrained_seeds=tuple(range(flow)),
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
    made_steps = min(steps, to_solved + 100) if to_solved else steps
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
        "steps": made_steps,
        "steps_to_solved": to_solved,
        "best_step": to_solved or steps,
        "seconds": float(rng.uniform(0.9, 1.1)) * (1 + condition.length / 30) * (2.0 if made.cell == "lstm" else 1.3),
        "gradient_norm_max": float(np.exp(rng.normal(1.5, 0.7))),
        "spike_share": effects.spikes.get(made.spec, 0.0),
        "nan_share": 0.0,
        "spike_steps": _spread(effects.spikes.get(made.spec, 0.0), made_steps),
        "lyapunov_end": effects.lyapunov.get(made.spec, -0.05) + float(rng.normal(0, 0.005)),
        "lyapunov_end_se": 0.0005,
        "lyapunov_end_streams": 8,
        "lyapunov_end_steps": 3000,
        "score_2t": None if plan.sources[0].kind == "file" else score - 0.25,
        "score_4t": None if plan.sources[0].kind == "file" else score - 0.5,
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
    return effects.baseline + abs(float(rng.normal(0, effects.score_spread))), False, "finished"


def _spread(share: float, steps: int) -> str:
    """A share of the steps, evenly spread, as text."""
    count = round(share * steps)
    return " ".join(str(1 + k * steps // count) for k in range(count))


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


def as_row(simulated: Mapping[str, Any]) -> TrialRow:
    """A simulated trial as rules read it; what it does not give was not measured."""
    return TrialRow(**dict.fromkeys(schema(TRIALS)) | dict(simulated))
