"""What a training's curve says: steps, losses, norms, spikes, checks, how it ended; against tables/trials.csv."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import Any

import polars as pl
from folder import Folder, Trial
from opinion import Opinion

SOLVED_FROM = 0.95  # docs/tasks.md, of all three tasks; a training set that ends has no threshold
CHANCE = {"delayed-recall": (1 / 8, math.log(8)), "random-recall": (1 / 8, math.log(8)), "adding": (0.0, 1 / 6)}
SPIKE, WINDOW = 100, 101  # docs/claims.md, 2: times the median of so many norms before
LAST = 50  # docs/columns.md: the steps that training_loss is the mean of


def check_curves(folder: Folder, opinion: Opinion) -> None:
    """Every training of the run."""
    printed = {row["trial"]: row for row in folder.table("trials")}
    for trial in folder.trials:
        row, where = printed[trial.name], f"{trial.condition} {trial.spec} rate {trial.rate} seed {trial.seed}"
        for name, ours in from_curve(folder, trial).items():
            opinion.say("trial from its curve", f"{where}, {name}", row[name], ours)
        for name in ("score", "test_loss", "seconds", "lyapunov_end", "lyapunov_end_se"):
            opinion.say("trial as in the ledger", f"{where}, {name}", row[name], trial.said.get(name))


def from_curve(folder: Folder, trial: Trial) -> dict[str, Any]:
    """The columns of tables/trials.csv that the curve decides."""
    curve = folder.curve(trial)
    losses, norms = curve["loss"].to_list(), curve["gradient_norm"].to_list()
    checks = {step: score for step, score in curve.select("step", "validation_score").iter_rows() if score is not None}
    recent = [loss for loss in losses[-LAST:] if math.isfinite(loss)]
    finite = finite_norms(curve)
    spiked = spikes(finite)
    best = max(checks.values(), default=None)
    found: dict[str, Any] = {
        "steps": len(losses),
        "training_loss": fmean(recent) if recent else None,
        "gradient_norm_max": max(finite.values(), default=None),
        "spike_share": len(spiked) / len(norms),
        "spike_steps": " ".join(str(step) for step in range(1, len(norms) + 1) if step in spiked or step not in finite),
        "nan_share": 1 - len(finite) / len(norms),
        "validation_score": best,
        "best_step": max((step for step, score in checks.items() if score == best), default=0),
    }
    if trial.task:
        found |= ending(trial, checks, math.isfinite(losses[-1]) and math.isfinite(norms[-1]))
        tested = found["outcome"] != "pruned" and not trial.sequences
        found["solved"] = trial.said["score"] >= SOLVED_FROM if tested else None
        found["baseline_score"], found["chance_loss"] = CHANCE[trial.task]
    return found


def finite_norms(curve: pl.DataFrame) -> dict[int, float]:
    """Norms by step, where norm and loss are finite."""
    rows = curve.select("step", "gradient_norm", "loss").iter_rows()
    return {step: norm for step, norm, loss in rows if math.isfinite(norm) and math.isfinite(loss)}


def spikes(finite: dict[int, float]) -> set[int]:
    """Steps whose norm is above 100 times the median of the 101 finite ones before it (of as many as there are)."""
    norms = list(finite.values())
    return {
        step
        for k, (step, norm) in enumerate(finite.items())
        if k and norm > SPIKE * median(norms[max(0, k - WINDOW) : k])
    }


def ending(trial: Trial, checks: dict[int, float], finite: bool) -> dict[str, Any]:
    """The outcome, and the first check of the run of checks that solved it."""
    rule, run = trial.asked["training"], list[int]()
    for step, score in sorted(checks.items()):
        run = [*run, step] if score >= SOLVED_FROM and not trial.sequences else []
    if not finite:
        outcome = "diverged"
    elif len(run) >= rule["stop"]["solved_checks"]:
        outcome = "solved"
    elif rule["steps"] in checks:
        outcome = "finished"
    else:
        outcome = "pruned" if trial.asked.get("race") else "cut short"
    return {"outcome": outcome, "steps_to_solved": run[0] if run and outcome != "pruned" else None}
