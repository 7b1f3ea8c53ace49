"""Synthetic gradient flow, onsets of chaos and occlusion: the tables beside the trials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from carousel.common.names import FAMILY_OF_CELL, TRANSFORMER
from carousel.experiments import tables
from carousel.experiments.results.kept import schema
from carousel.experiments.runner.plan import FileSource, Plan
from tests.support.effects import (
    BLOCKS,
    MOMENTS,
    PROFILE_SCHEMA,
    SLOPES,
    Effects,
)


def _slope(effects: Effects, spec: str, length: int) -> float:
    if spec == "lstm:chrono" and spec not in effects.slopes:
        return -1.1 / (length or 20)
    return effects.slopes.get(spec, SLOPES.get(spec, -0.3))


def flow(
    plan: Plan, effects: Effects, rng: np.random.Generator, with_profiles: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles (none, but for their columns, without `with_profiles`) and slopes of every contender and moment."""
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
                seeds = plan.untrained_seeds if moment == "initialisation" else plan.reporting_seeds
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
    return pl.concat(profiles), pl.DataFrame(slopes, schema=schema(tables.SLOPES), orient="row")


def _profile(about: dict[str, Any], slope: float, steps: int, rng: np.random.Generator) -> pl.DataFrame:
    lag = np.arange(steps)
    mean = slope * lag + np.cumsum(rng.normal(0, 0.01, steps))
    mean -= mean[0]
    width = 0.4 * np.sqrt(lag)
    columns = {"lag": lag, "log_gain": mean, "log_gain_q10": mean - width, "log_gain_q90": mean + width}
    repeated = {name: pl.Series(name, [value] * steps, dtype=PROFILE_SCHEMA[name]) for name, value in about.items()}
    return pl.DataFrame({**repeated, **columns}, schema_overrides=PROFILE_SCHEMA).select(list(PROFILE_SCHEMA))


def onset(plan: Plan, effects: Effects, rng: np.random.Generator) -> pl.DataFrame:
    """Of every cell of the plan, as many networks as it measures untrained."""
    cells = sorted({c.cell for made in plan.contenders.values() for c in made} - {TRANSFORMER})
    rows = [
        {
            "family": FAMILY_OF_CELL[cell],
            "cell": cell,
            "seed": seed,
            "gain": float(rng.normal(effects.onset[cell], effects.onset_spread)),
        }
        for cell in cells
        for seed in plan.untrained_seeds
    ]
    return pl.DataFrame(rows, schema=schema(tables.ONSETS), orient="row")


def occlusion(plan: Plan, effects: Effects, rng: np.random.Generator) -> pl.DataFrame:
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
    return pl.DataFrame(rows, schema=schema(tables.OCCLUSION), orient="row")
