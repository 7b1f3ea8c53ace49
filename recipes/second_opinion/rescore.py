"""Every stored network run again by torch.nn on sequences that are drawn again; against tables/trials.csv."""

from __future__ import annotations

from typing import Any

import torch
from folder import Folder, Trial
from networks import GATES, INITIALISATIONS, Contender, stored
from opinion import Opinion
from sequences import LONGER, TEST, TRAINING, Drawn, held_out, loss, score, training_set

KERNELS_DIFFER = 1e-4  # of an output: float32 sums in another order, over at most 400 steps


def can(trial: Trial) -> bool:
    """Whether task, cell and initialisation are re-implemented here."""
    about = trial.asked["contender"]
    return trial.task is not None and about["cell"] in GATES and about["init"] in INITIALISATIONS


def some(folder: Folder, most: int, opinion: Opinion) -> list[Trial]:
    """Reporting trainings whose network can be run again here: all, or as many as wanted, spread evenly over them."""
    reporting = [trial for trial in folder.trials if trial.asked["phase"] == "reporting"]
    known = sorted(filter(can, reporting), key=lambda t: (t.condition, t.spec, t.seed))
    chosen = known if len(known) <= most else [known[k * len(known) // most] for k in range(most)]
    left = {
        "networks of tuning, whose weights are not kept": len(folder.trials) - len(reporting),
        "networks of a task, cell or initialisation that is not re-implemented here": len(reporting) - len(known),
        "networks beyond --networks": len(known) - len(chosen),
    }
    for why, count in left.items():
        if count:
            opinion.omit(why, count)
    return [trial for trial in chosen if (folder.path / "weights" / f"{trial.name}.safetensors").is_file()]


def check_scores(folder: Folder, chosen: list[Trial], opinion: Opinion) -> None:
    """Scores, losses and numbers of parameters of stored networks."""
    printed = {row["trial"]: row for row in folder.table("trials")}
    for trial in chosen:
        _check(folder, trial, printed[trial.name], opinion)


def _check(folder: Folder, trial: Trial, row: dict[str, Any], opinion: Opinion) -> None:
    task, length, where = (
        str(trial.task),
        int(trial.asked["length"]),
        f"{trial.condition} {trial.spec} seed {trial.seed}",
    )
    weights = folder.weights(trial)
    network = stored(task, trial.asked["contender"], weights)
    ones = sum(value.size for name, value in weights.items() if not name.endswith("bias_hh"))
    opinion.say("size of a network", f"{where}, parameters", row["parameters"], ones)
    numbers = trial.asked["contender"]["hidden"] * trial.asked["contender"]["layers"]
    carried = 32 * numbers * (2 if trial.asked["contender"]["cell"] == "lstm" else 1)
    opinion.say("size of a network", f"{where}, state_bits", row["state_bits"], carried)
    parts = (("score", 1, TEST), ("training_score", 1, TRAINING), ("score_2t", 2, LONGER), ("score_4t", 4, LONGER))
    for name, times, part in parts:
        if row[name] is not None:
            drawn = held_out(task, times * length, part)
            if name == "training_score" and trial.sequences:
                drawn = training_set(task, length, trial.sequences, trial.seed)
            output = answers(network, drawn)
            slack = uncertain(task, output, drawn)
            opinion.say("score from weights", f"{where}, {name}", row[name], score(task, output, drawn.y), slack)
            if name == "score":
                found, slack = float(loss(task, output, drawn.y)), loss_uncertain(task, output, drawn)
                opinion.say("loss from weights", f"{where}, test_loss", row["test_loss"], found, slack)
                if row["rmse"] is not None:
                    rmse = float(((output - drawn.y).double() ** 2).mean().sqrt())
                    opinion.say("score from weights", f"{where}, rmse", row["rmse"], rmse, KERNELS_DIFFER)


@torch.no_grad()
def answers(network: Contender, drawn: Drawn) -> torch.Tensor:
    """[B, O]."""
    return network(drawn.x)


def uncertain(task: str, output: torch.Tensor, drawn: Drawn) -> float:
    """How far a score may be off for rounding alone: the share of sequences whose two best classes are nearly tied;
    of values, what an error of so much in each answer makes of R²."""
    if task == "adding":
        return 6 * loss_uncertain(task, output, drawn)
    best, second = output.topk(2, dim=1).values.T
    return float((best - second < KERNELS_DIFFER).double().mean())


def loss_uncertain(task: str, output: torch.Tensor, drawn: Drawn) -> float:
    """What an error of so much in each answer makes of a squared error; of a cross entropy at most twice the error."""
    if task != "adding":
        return 2 * KERNELS_DIFFER
    error = float((output - drawn.y).abs().double().mean())
    return (2 * error + KERNELS_DIFFER) * KERNELS_DIFFER
