"""Each contender under each condition: its learning rate, rates, means, medians; against tables and the report."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import Any

from curves import CHANCE
from folder import Folder, Trial
from limits import of_mean, wilson
from opinion import Opinion

PAGE = {  # the report's column: the name here
    "test score (mean)": "score", "at 2T (median)": "score_2t", "at 4T (median)": "score_4t",
    "steps to solve (median)": "steps_to_solved",
    "learning rate": "learning_rate", "rates tried": "rates_tried", "parameters": "parameters",
    "hidden units": "hidden", "RMSE": "rmse",
    "seconds (median)": "seconds", "trials": "trials", "diverged": "diverged",
}  # fmt: skip


def best_rate(trials: list[Trial]) -> float:
    """Of tuning trials: the rate that was solved most often, then soonest; else with the best validation score."""
    return min({trial.rate for trial in trials}, key=lambda rate: _place([t for t in trials if t.rate == rate]))


def _place(trials: list[Trial]) -> tuple[float, float, float, float]:
    solved = [t.said["steps_to_solved"] for t in trials if t.said["outcome"] == "solved"]
    validation = fmean(-math.inf if t.said["validation_score"] is None else t.said["validation_score"] for t in trials)
    return -len(solved), fmean(solved) if solved else math.inf, -validation, trials[0].rate


def score_of(trial: Trial) -> float:
    """The test score; the baseline's of a training that diverged."""
    return float(trial.said["baseline_score" if trial.said["outcome"] == "diverged" else "score"])


def is_solved(trial: Trial) -> bool:
    """A training that diverged solved nothing."""
    return bool(trial.said["solved"]) and trial.said["outcome"] != "diverged"


def of_group(trials: list[Trial]) -> dict[str, Any]:
    """The columns of tables/contenders.csv."""
    solved, n = sum(map(is_solved, trials)), len(trials)
    scores = [score_of(t) for t in trials]
    steps = [t.said["steps_to_solved"] for t in trials if is_solved(t) and t.said["steps_to_solved"] is not None]
    seconds = [t.said["seconds"] for t in trials]
    found: dict[str, Any] = {
        "trials": n, "scored": n, "score": fmean(scores), "solved": solved, "solved_rate": solved / n,
        "steps_to_solved": median(steps) if steps else None, "seconds": median(seconds), "seconds_low": min(seconds),
        "seconds_high": max(seconds), "diverged": sum(t.said["outcome"] == "diverged" for t in trials),
        "parameters": trials[0].asked["contender"]["parameters"], "hidden": trials[0].asked["contender"]["hidden"],
    }  # fmt: skip
    found["score_low"], found["score_high"] = of_mean(scores, 0.95)
    found["solved_low"], found["solved_high"] = wilson(solved, n, 0.95)
    if trials[0].sequences:  # no solved threshold
        found |= dict.fromkeys(("solved", "solved_rate", "solved_low", "solved_high"))
    for name in ("score_2t", "score_4t"):
        if trials[0].said.get(name) is not None:
            found[name] = median(t.said[name] for t in trials)
    if trials[0].said["rmse"] is not None and not found["diverged"]:
        found["rmse"] = fmean(t.said["rmse"] for t in trials)
    return found


def check_contenders(folder: Folder, opinion: Opinion) -> None:
    """tables/contenders.csv, and the tables of the report under its heading Contenders."""
    tuning, reporting = folder.grouped("tuning"), folder.grouped("reporting")
    groups = {key: of_group(trials) for key, trials in reporting.items() if trials[0].task}
    for key, group in groups.items():
        group["learning_rate"] = best_rate(tuning[key])
        tried = sorted({trial.rate for trial in tuning[key]})
        group["rates_tried"] = len(tried)
        group["rate_at_edge"] = group["learning_rate"] in (tried[0], tried[-1]) if len(tried) > 1 else None
        group["step_limit"] = reporting[key][0].asked["training"]["steps"]
        group["baseline"] = CHANCE[str(reporting[key][0].task)][0]
        trained = {trial.rate for trial in reporting[key]}
        opinion.say(
            "learning rates", f"{' '.join(key)}, trained at it alone", True, trained == {group["learning_rate"]}
        )
    for row in folder.table("contenders"):
        key = row["condition"], row["contender"]
        if key not in groups:
            opinion.omit("contenders on tasks that are not re-implemented here")
            continue
        for name, ours in groups[key].items():
            kind = "learning rates" if name == "learning_rate" else "contenders"
            opinion.say(kind, f"{' '.join(key)}, {name}", row[name], ours)
    _check_pages(folder, groups, opinion)


def _check_pages(folder: Folder, groups: dict[tuple[str, str], dict[str, Any]], opinion: Opinion) -> None:
    for heading, rows in folder.pages():
        condition = heading.replace(", T = ", "/T=")
        for row in rows:
            group = groups.get((condition, row.get("contender", "")))
            if group is None:
                continue
            where = f"{condition} {row['contender']}"
            for column, name in PAGE.items():
                if column in row and name in group:
                    printed = None if row[column] == "—" else row[column]
                    opinion.say("the report's contenders", f"{where}, {column}", printed, group[name])
            column = f"solved within {group['step_limit']:,} steps"
            if column not in row:  # a training set that ends has no solved threshold
                continue
            wins, trials = row[column].split(" / ")
            opinion.say("the report's contenders", f"{where}, solved", wins, group["solved"])
            opinion.say("the report's contenders", f"{where}, of", trials, group["trials"])
            for name, printed in zip(("solved_low", "solved_high"), ends(row["95 % interval"]), strict=True):
                opinion.say("the report's contenders", f"{where}, {name}", printed, group[name])


def ends(text: str) -> tuple[str, str]:
    """The two numbers of "[0.300, 0.903]"."""
    low, high = text.strip("[]").split(", ")
    return low, high
