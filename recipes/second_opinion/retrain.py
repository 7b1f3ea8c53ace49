"""Two networks trained again by torch.nn and torch.optim.Adam from their descriptions alone (docs/trials.md).

How far two right programs may part. Each rounds its float32 sums in its own order, and training multiplies what that
leaves, slowly or within a few steps. How fast is measured: each training is made three times here, in float32, in
float32 with every batch in reverse order, and in float64. Losses and norms are compared to CLOSE of themselves for
STEPS steps, or until our own three are SAME no more. What ours agree on the other program must say too; where ours
differ, it must say what lies near them: steps within one check, the score within their own spread or .01.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
from curves import SOLVED_FROM
from folder import Folder, Trial
from networks import Contender, initialised
from opinion import Opinion
from rescore import can
from sequences import TEST, VALIDATION, Drawn, draw, held_out, loss, score

STEPS, CLOSE, SAME = 50, 1e-4, 1e-5
REPEATS = ("float32", "reversed", "float64")


@dataclass
class Trained:
    """A network with its best weights, its losses and norms step by step, and its checks by step."""

    network: Contender
    losses: list[float]
    norms: list[float]
    checks: dict[int, float]
    solved_at: int | None

    @torch.no_grad()
    def score(self, task: str, on: Drawn) -> float:
        """Of the network on sequences."""
        return score(task, self.network(on.x.to(self.network.linear.weight.dtype)), on.y)


def train(trial: Trial, repeat: str = "float32") -> Trained:
    """The training that docs/trials.md describes, of one that does not diverge. repeat: one of REPEATS."""
    asked, about = trial.asked, trial.asked["contender"]
    rule, length, task = asked["training"], int(asked["length"]), str(trial.task)
    dtype = torch.float64 if repeat == "float64" else torch.float32
    network = initialised(task, about, length, trial.seed).to(dtype)
    adam = torch.optim.Adam(network.parameters(), lr=trial.rate)
    generator, validation = torch.Generator().manual_seed(trial.seed), held_out(task, length, VALIDATION)
    done, best, run = Trained(network, [], [], {}, None), copy.deepcopy(network.state_dict()), 0
    for step in range(1, rule["steps"] + 1):
        drawn = _as(repeat, draw(task, length, rule["batch_size"], generator), dtype)
        adam.zero_grad()
        value = loss(task, network(drawn.x), drawn.y)
        value.backward()
        done.norms.append(float(torch.nn.utils.clip_grad_norm_(network.parameters(), rule["clip_norm"])))
        done.losses.append(float(value.detach()))
        adam.step()
        if step % rule["stop"]["check_every"] and step < rule["steps"]:
            continue
        found = done.score(task, validation)
        if found >= max(done.checks.values(), default=-math.inf):
            best = copy.deepcopy(network.state_dict())
        done.checks[step] = found
        run = run + 1 if found >= SOLVED_FROM else 0
        done.solved_at = (done.solved_at or step) if run else None
        if run == rule["stop"]["solved_checks"]:
            break
    network.load_state_dict(best)
    return done


def _as(repeat: str, drawn: Drawn, dtype: torch.dtype) -> Drawn:
    x, y = (drawn.x.flip(1), drawn.y.flip(0)) if repeat == "reversed" else (drawn.x, drawn.y)
    return Drawn(x.to(dtype), y.to(dtype) if y.is_floating_point() else y)


def chosen(folder: Folder, family: str, task: str | None = None) -> Trial | None:
    """The shortest reporting training of a family that was solved (of the task, where one is named)."""
    fit = [
        trial for trial in folder.trials
        if can(trial) and not trial.sequences and trial.family == family and trial.asked["phase"] == "reporting"
        and task in (None, trial.task)
    ]  # fmt: skip
    return min(
        fit, key=lambda t: (t.said["outcome"] != "solved", t.asked["length"], t.said["steps"], t.name), default=None
    )


def retrain(folder: Folder, opinion: Opinion) -> None:
    """An RNN, and an LSTM on another task where the run has one."""
    rnn = chosen(folder, "RNN", "delayed-recall") or chosen(folder, "RNN")
    lstm = chosen(folder, "LSTM", "adding") or chosen(folder, "LSTM")
    for trial in (rnn, lstm):
        if trial is None:
            opinion.omit("families without a network that can be retrained here")
        else:
            _compare(folder, trial, opinion)


def _compare(folder: Folder, trial: Trial, opinion: Opinion) -> None:
    where, kind = f"{trial.condition} {trial.spec} seed {trial.seed}", f"retrained {trial.family}"
    curve, ours = folder.curve(trial), [train(trial, repeat) for repeat in REPEATS]
    steps = min(STEPS, curve.height, *(len(one.losses) for one in ours))
    for name, again in (("loss", [one.losses for one in ours]), ("gradient_norm", [one.norms for one in ours])):
        for step, values in zip(range(steps), zip(*again, strict=False), strict=False):
            if max(values) - min(values) > SAME * abs(values[0]):
                break
            printed, slack = curve[name].item(step), CLOSE * abs(values[0])
            opinion.say(kind, f"{where}, {name} at step {step + 1}", printed, values[0], slack)
    check = trial.asked["training"]["stop"]["check_every"]
    for name, found in (
        ("steps", [len(one.losses) for one in ours]),
        ("steps_to_solved", [one.solved_at for one in ours]),
    ):
        _say_end(opinion, kind, f"{where}, {name}", trial.said[name], found, check)
    test = held_out(str(trial.task), int(trial.asked["length"]), TEST)
    scores = [one.score(str(trial.task), test) for one in ours]
    least, most = min(scores), max(scores)
    opinion.say(kind, f"{where}, score", trial.said["score"], (least, most), max(most - least, 0.01))


def _say_end(opinion: Opinion, kind: str, what: str, printed: Any, ours: list[int | None], check: int) -> None:
    if len(set(ours)) == 1:
        opinion.say(kind, what, printed, ours[0])
    elif None in ours:
        opinion.omit("ends of a training that rounding decides")
    else:
        opinion.say(kind, what, printed, (min(ours), max(ours)), check)  # type: ignore[type-var]
