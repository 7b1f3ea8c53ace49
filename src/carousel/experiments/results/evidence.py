"""A run folder, read: what claims and report work from. Needs no torch; works on a copied folder.

Every frame has one row per thing measured, all numbers plain; NaN never stands for "not measured" (null does).

trials      one finished training a row:
            trial (hash), phase ("tuning" | "reporting"), source, length, condition ("adding/T=100"), contender (spec),
            family ("RNN" | "LSTM" | "GRU" | "TRANSFORMER"), cell, init, layers, hidden, parameters, learning_rate,
            seed,
            outcome ("solved" | "stopped-at-chance" | "finished" | "stalled" | "diverged"),
            solved (bool; null: no solved threshold),
            score (test), validation_score, training_score, baseline_score, training_loss, test_loss, chance_loss,
            rmse (null unless values are predicted; in the target's own unit), steps, steps_to_solved (null if never),
            best_step, seconds, gradient_norm_max, spike_share (share of steps whose pre-clip norm is above 100 x the
            running median), nan_share, lyapunov_end (largest exponent, nats per step; null where not measured or minus
            infinity), kernel,
            state_bits (what is carried from the last step to a next one: the state, or a Transformer's keys and
            values), flow_refused (why no gradient flow can be measured of the network; null where it can);
            and the optional columns of probes (carousel.experiments.results.probe_columns)
profiles    lag profile, one lag a row: contender, family, condition, source, length, seed, moment ("initialisation" |
            "early" | "end"), learning_rate (null at initialisation), lag, log_gain (mean over the batch of ln G),
            log_gain_q10, log_gain_q90 (quantiles over the batch)
slopes      one profile a row: job (its profile lies in flow/JOB.parquet), contender, family, condition, source, length,
            seed, moment, slope (nats per step),
            horizon (largest lag with G >= 1e-3), horizon_censored (bool: the sequence ended first), lags (how many)
onset       one network a row: job, family, cell, seed,
            gain (first scale of a Gaussian recurrent matrix with exponent > 0)
occlusion   of a user's file seen whole, one block of lags of one reporting trial a row: trial, contender, family,
            condition, source, length, seed, learning_rate,
            lag_from, lag_to (steps before the last one, lag_to not in it), sequences (of the test part, how many had
            those steps replaced by another sequence's), score_drop (test score lost by that; null where not defined)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carousel.experiments.runner.plan import Plan


@dataclass(frozen=True)
class Evidence:
    """The numbers of one run. `card` describes the user's file (None for built-in tasks)."""

    folder: Path
    plan: Plan
    trials: pl.DataFrame
    profiles: pl.DataFrame
    slopes: pl.DataFrame
    onset: pl.DataFrame
    environment: dict[str, Any]
    card: dict[str, Any] | None = None
    occlusion: pl.DataFrame = field(default_factory=pl.DataFrame)

    def curves(self, trial: str) -> pl.DataFrame:
        """Step by step of one trial: step, loss, gradient_norm (before clipping), validation_score (null between
        checks)."""
        return pl.read_parquet(self.folder / "trials" / f"{trial}.parquet")
