"""What can be planted in synthetic evidence, its realistic values, and the columns it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

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
BLOCKS = ((0, 1), (1, 2), (2, 4), (4, 8), (8, 16))


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
