"""Claim 4 from the selectivity of networks that solved the task: what clamped gates cost it, what an RNN's is."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

from contenders import is_solved
from folder import Trial
from limits import Limits, joined, of_mean
from opinion import Opinion
from pairs import Pairs, inside

LOST, RNN_MOST, LSTM_LEAST = 0.2, 0.1, 0.5  # docs/claims.md, 4


def check_gates(pairs: Pairs, opinion: Opinion) -> None:
    """Every row of both parts, and how they are joined."""
    claim = pairs.folder.claim("gates")
    for row in claim["conditions"]:
        where = f"gates {row['where']}"
        if row["effect"]["name"] == "selectivity_difference" and row["n"]:
            _check_pair(pairs, row, where, opinion)
        elif row["effect"]["name"] == "selectivity_lost" and row["n"]:
            _check_lost(pairs, row, where, opinion)
        elif row["effect"]["name"] == "clamp_drop" and row["n"]:
            _check_drop(pairs, row, where, opinion)
        else:
            opinion.omit("rows of claim 4 that were not measured")


def solved(trials: dict[int, Trial], column: str) -> list[float]:
    """What a column holds, of the trials that solved their task."""
    values = [trial.said.get(column) for _, trial in sorted(trials.items()) if is_solved(trial)]
    return [value for value in values if value is not None]


def _check_pair(pairs: Pairs, row: dict[str, Any], where: str, opinion: Opinion) -> None:
    """The two families are not paired by seed: limits of the difference are joined from those of the two means."""
    sides = pairs.of("gates", *((row["condition"], spec) for spec in row["pair"]))
    rnn, lstm = (solved(side, "selectivity") for side in sides)
    opinion.say("rows", f"{where}, best", row["best"], tuple(row["pair"]) == pairs.best_pair(row["condition"]))
    for name, values in (("rnn", rnn), ("lstm", lstm)):
        opinion.say("selectivity", f"{where}, {name} mean", row[name]["mean"], fmean(values))
        opinion.say("selectivity", f"{where}, {name} n", row[name]["n"], len(values))
        for end, printed, ours in zip(("low", "high"), row[name]["interval"], of_mean(values, 0.95), strict=True):
            opinion.say("limits of selectivity", f"{where}, {name} {end}", printed, possible(ours))
    value = fmean(lstm) - fmean(rnn)
    opinion.say("selectivity", f"{where}, value", row["effect"]["value"], value)
    opinion.say("selectivity", f"{where}, n", row["n"], min(len(rnn), len(lstm)))
    certain = [[(least + most) / 2 for least, most in of_mean(values, 0.95)] for values in (lstm, rnn)]
    if max(len(rnn), len(lstm)) < 10:  # from 10 on chance of the bootstrap is in the limits
        limits = joined(fmean(lstm), tuple(certain[0]), fmean(rnn), tuple(certain[1]))
        for end, printed, ours in zip(("low", "high"), row["effect"]["ci95"], limits, strict=True):
            opinion.say("limits of selectivity", f"{where}, {end}", printed, None if math.isinf(ours) else ours)
    _say(row, where, _pair_verdict(rnn, lstm, row["level"]), opinion)


def _pair_verdict(rnn: list[float], lstm: list[float], level: float) -> str | None:
    passes, keeps = inside(of_mean(rnn, level), -math.inf, RNN_MOST), inside(of_mean(lstm, level), LSTM_LEAST, math.inf)
    half = (1 + level) / 2
    rejects, fails = inside(of_mean(rnn, half), RNN_MOST, math.inf), inside(of_mean(lstm, half), -math.inf, LSTM_LEAST)
    if passes and keeps:
        return "supported"
    if rejects or fails:
        return "refuted"
    return None if None in (passes, keeps, rejects, fails) else "inconclusive"


def _check_lost(pairs: Pairs, row: dict[str, Any], where: str, opinion: Opinion) -> None:
    spec = row["where"].split(": ", 1)[1]
    (side,) = pairs.of("gates", (row["condition"], spec))
    both = [solved(side, name) for name in ("selectivity", "selectivity_clamped")]
    lost = [before - after for before, after in zip(*both, strict=True)]
    opinion.say("selectivity", f"{where}, value", row["effect"]["value"], fmean(lost))
    opinion.say("selectivity", f"{where}, n", row["n"], len(lost))
    for end, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(lost, 0.95), strict=True):
        opinion.say("limits of selectivity", f"{where}, {end}", printed, ours)
    limits = of_mean(lost, row["level"])
    above, below = inside(limits, LOST, math.inf), inside(limits, -math.inf, LOST)
    verdict = "supported" if above else "refuted" if below else None if None in (above, below) else "inconclusive"
    _say(row, where, verdict, opinion)


def _check_drop(pairs: Pairs, row: dict[str, Any], where: str, opinion: Opinion) -> None:
    """Accuracy lost by clamping one gate, or more; shown, within what an accuracy can lose."""
    spec, _ = row["where"].split(": ", 1)[1].rsplit(", ", 1)
    (side,) = pairs.of("gates", (row["condition"], spec))
    drops = solved(side, f"clamp_drop_{row['clamped']}")
    opinion.say("selectivity", f"{where}, value", row["effect"]["value"], fmean(drops))
    opinion.say("selectivity", f"{where}, n", row["n"], len(drops))
    for end, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(drops, 0.95), strict=True):
        opinion.say("limits of selectivity", f"{where}, {end}", printed, possible(ours))


def possible(end: Limits) -> Limits:
    """A limit within -1 and 1, which selectivity and what an accuracy can lose lie between; no limit stays none."""
    least, most = (value if math.isinf(value) else max(-1.0, min(1.0, value)) for value in end)
    return least, most


def _say(row: dict[str, Any], where: str, verdict: str | None, opinion: Opinion) -> None:
    if verdict is None:
        opinion.omit("verdicts of rows that the bootstrap's chance decides")
    else:
        opinion.say("verdicts of rows", where, row["verdict"], verdict)
