"""The numbers behind the report's figures, from raw files: lag profiles, gradient norms, cost, length."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from contenders import is_solved
from folder import Folder
from limits import wilson
from opinion import Opinion
from pairs import Pairs

MOMENTS = {"lag-profile-initialisation": "initialisation", "lag-profile-end": "end"}


def check_figures(pairs: Pairs, opinion: Opinion) -> None:
    """Every figure's table that is re-implemented here."""
    for table, moment in MOMENTS.items():
        _check_profiles(pairs.folder, table, moment, opinion)
    _check_norms(pairs, opinion)
    for table in ("cost", "length"):
        for row in pairs.folder.table(table):
            if row["measure"] == "solved-rate":
                _check_rate(pairs, table, row, opinion)


def _check_profiles(folder: Folder, table: str, moment: str, opinion: Opinion) -> None:
    """log10 G: of ln G averaged over a batch, and of its 10 and 90 % quantiles, the means over the networks."""
    raw: dict[tuple[str, str], list[pl.DataFrame]] = {}
    for name, asked, _ in folder.jobs:
        if "contender" in asked and (folder.path / "flow" / f"{name}.parquet").is_file():
            key = f"{asked['source']['name']}/T={asked['length']}", asked["contender"]["spec"]
            raw.setdefault(key, []).append(folder.flow(name).filter(pl.col("moment") == moment))
    means = {key: _means(pl.concat(frames)) for key, frames in raw.items()}
    for row in folder.table(table):
        at, where = means[row["condition"], row["contender"]][row["lag"]], f"{row['condition']} {row['contender']}"
        for name, ours in at.items():
            opinion.say("figures: lag profiles", f"{table} {where} lag {row['lag']}, {name}", row[name], ours)


def _means(frame: pl.DataFrame) -> dict[int, dict[str, Any]]:
    columns = {"gain": "log_gain", "low": "log_gain_q10", "high": "log_gain_q90"}
    by_lag = {}
    for (lag,), one in frame.group_by("lag"):
        found: dict[str, Any] = {name: _mean(one[column].to_numpy()) for name, column in columns.items()}
        by_lag[int(lag)] = found | {"networks": len(one)}
    return by_lag


def _mean(values: np.ndarray) -> float:
    return float(values.sum() / len(values) / math.log(10))


def _check_norms(pairs: Pairs, opinion: Opinion) -> None:
    """Of every bin of steps: the median over seeds of each one's median, and the largest norm of any."""
    by_group: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in pairs.folder.table("gradient-norm"):
        by_group.setdefault((row["condition"], row["contender"]), []).append(row)
    for key, rows in by_group.items():
        curves = [pairs.folder.curve(trial) for trial in pairs.reporting[key]]
        width = rows[0]["step"]
        for before, row in pairwise([{"step": 0}, *rows]):
            first = max(before["step"], (row["step"] - 1) // width * width)
            wanted = pl.col("step").is_between(first + 1, row["step"]) & pl.col("gradient_norm").is_finite()
            norms = [one for curve in curves if len(one := curve.filter(wanted)["gradient_norm"].to_numpy())]
            where = f"{' '.join(key)} step {row['step']}"
            opinion.say(
                "figures: gradient norms",
                f"{where}, median",
                row["median"],
                float(np.median([np.median(one) for one in norms])),
            )
            opinion.say("figures: gradient norms", f"{where}, high", row["high"], float(np.max(np.concatenate(norms))))


def _check_rate(pairs: Pairs, table: str, row: dict[str, Any], opinion: Opinion) -> None:
    trials = pairs.reporting[row["condition"], row["contender"]]
    solved, where = sum(map(is_solved, trials)), f"{table} {row['condition']} {row['contender']}"
    low, high = wilson(solved, len(trials), 0.95)
    for name, ours in (("value", solved / len(trials)), ("low", low), ("high", high)):
        opinion.say("figures: rates", f"{where}, {name}", row[name], ours)
