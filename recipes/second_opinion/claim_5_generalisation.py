"""Claim 5 from scores, steps and curves: who wins on each seed, and the exact limits of the probability of a win."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy as np
from contenders import score_of
from folder import Trial
from limits import exact, of_mean
from opinion import Opinion
from pairs import Pairs

CLEAR, FITTED, PERFECT, COUNTED = 0.75, 0.95, 1.0, 0.5  # docs/claims.md, 5
WINDOW = 0.05  # of a training's own steps: the running mean of its loss
Compare = Callable[[Trial, Trial], float | None]  # (LSTM, RNN): 1 a win of the LSTM, 0.5 a tie, 0 a loss


def check_generalisation(pairs: Pairs, opinion: Opinion) -> None:
    """Every row of the claim."""
    apart: dict[str, Compare] = {
        "superiority_optimisation": faster,
        "superiority_equal_loss": lambda lstm, rnn: at_equal_loss(pairs, lstm, rnn),
    }
    for row in pairs.folder.claim("generalisation")["conditions"]:
        name, where = row["effect"]["name"], f"generalisation {row['where']} ({row['effect']['name']})"
        if name == "gap":
            _check_gap(pairs, row, opinion)
        elif name in apart:
            _check_wins(row, _by_seed(pairs, row["where"].split(":")[0], apart[name]), where, opinion)
        elif row["pair"]:
            _check_pair(pairs, row, where, opinion)


def _check_pair(pairs: Pairs, row: dict[str, Any], where: str, opinion: Opinion) -> None:
    """On a training set that ends: the seeds on which both networks fitted it, and not both test scores are perfect."""
    groups = [(row["condition"], spec) for spec in row["pair"]]
    rnn, lstm = pairs.of("generalisation", *groups)
    fit = {"seeds": len(rnn), "rnn": sum(map(fits, rnn.values())), "lstm": sum(map(fits, lstm.values()))}
    both = [seed for seed in rnn if fits(rnn[seed]) and fits(lstm[seed])]
    seeds = [seed for seed in both if min(score_of(rnn[seed]), score_of(lstm[seed])) < PERFECT]
    fit |= {"both": len(both), "perfect": len(both) - len(seeds)}
    for name, ours in fit.items():
        opinion.say("fitted training sets", f"{where}, {name}", row["fit"][name], ours)
    opinion.say("rows", f"{where}, best", row["best"], tuple(row["pair"]) == pairs.best_pair(row["condition"]))
    if len(seeds) >= COUNTED * len(rnn):
        wins = [beats(score_of(lstm[seed]), score_of(rnn[seed])) for seed in seeds]
        _check_wins(row, wins, where, opinion)
    else:
        opinion.say("verdicts of rows", where, row["verdict"], "not-tested")


def _check_wins(row: dict[str, Any], wins: list[float], where: str, opinion: Opinion) -> None:
    n, value = len(wins), fmean(wins) if wins else math.nan
    opinion.say("wins", f"{where}, n", row["n"], n)
    if not wins:
        return
    opinion.say("wins", f"{where}, value", row["effect"]["value"], value)
    for name, printed, ours in zip(("low", "high"), row["effect"]["ci95"], exact(sum(wins), n, 0.95), strict=True):
        opinion.say("limits of rates", f"{where}, {name}", printed, ours)
    low, high = exact(sum(wins), n, row["level"])
    verdict = "supported" if low > CLEAR else "refuted" if high < CLEAR else "inconclusive"
    opinion.say("verdicts of rows", where, row["verdict"], verdict)


def fits(trial: Trial) -> bool:
    """The score on its training set, of the weights that are tested or of the last."""
    found = [trial.said[name] for name in ("training_score", "training_score_last") if trial.said.get(name) is not None]
    return trial.said["outcome"] != "diverged" and max(found, default=-math.inf) >= FITTED


def beats(ours: float, other: float) -> float:
    """1 a win, 0.5 a tie, 0 a loss."""
    return (1 + np.sign(ours - other)) / 2 if ours != other else 0.5


def faster(lstm: Trial, rnn: Trial) -> float:
    """Solved in fewer steps; where neither is, the lower training loss."""
    steps = [math.inf if t.said["steps_to_solved"] is None else t.said["steps_to_solved"] for t in (lstm, rnn)]
    losses = [math.inf if t.said["training_loss"] is None else t.said["training_loss"] for t in (lstm, rnn)]
    ours, other = losses if steps == [math.inf, math.inf] else steps
    return beats(-ours, -other)


def at_equal_loss(pairs: Pairs, lstm: Trial, rnn: Trial) -> float | None:
    """Where each first has the smoothed loss that both reach: the next validation score."""
    curves = [pairs.folder.curve(trial) for trial in (lstm, rnn)]
    windows = [max(1, round(WINDOW * curve.height)) for curve in curves]
    smooth = [
        np.convolve(curve["loss"].to_numpy(), np.full(window, 1 / window), mode="valid")
        for curve, window in zip(curves, windows, strict=True)
    ]
    level = max(float(one.min()) for one in smooth)
    found = []
    for curve, window, one in zip(curves, windows, smooth, strict=True):
        step = int(np.argmax(one <= level)) + window
        checks = [(s, v) for s, v in curve.select("step", "validation_score").iter_rows() if v is not None]
        found.append(next((v for s, v in checks if s >= step), checks[-1][1] if checks else None))
    return None if None in found else beats(*found)


def _by_seed(pairs: Pairs, source: str, compare: Compare) -> list[float]:
    """Each family's best at every length; a seed's win is the mean over the lengths."""
    best = {condition: pairs.best_pair(condition) for condition in pairs.conditions[source]}
    groups = pairs.of("generalisation", *((condition, spec) for condition, pair in best.items() for spec in pair))
    wins = []
    for seed in sorted(groups[0]):
        each = [compare(lstm[seed], rnn[seed]) for rnn, lstm in zip(groups[::2], groups[1::2], strict=True)]
        if known := [win for win in each if win is not None]:
            wins.append(fmean(known))
    return wins


def _check_gap(pairs: Pairs, row: dict[str, Any], opinion: Opinion) -> None:
    """Training score minus test score, over all reporting seeds."""
    condition, spec = row["where"].split(": ", 1)
    trials = pairs.reporting.get((condition, spec), [])
    if not trials:
        return
    training = [t.said["baseline_score" if t.said["outcome"] == "diverged" else "training_score"] for t in trials]
    test = [score_of(t) for t in trials]
    gaps = [a - b for a, b in zip(training, test, strict=True)]
    found = {"value": fmean(gaps), "training": fmean(training), "test": fmean(test), "fit": sum(map(fits, trials))}
    for name, ours in found.items():
        printed = row["effect"]["value"] if name == "value" else row[name]
        opinion.say("gaps", f"{row['where']}, {name}", printed, ours)
    for name, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(gaps, 0.95), strict=True):
        opinion.say("limits of gaps", f"{row['where']}, {name}", printed, ours)
