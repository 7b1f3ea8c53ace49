"""When tuning trainings end for the sake of others, recomputed from their curves (docs/claims.md, how every contender
is tuned): once another learning rate has solved more often than theirs still can, or as often and sooner."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from curves import from_curve
from folder import Folder, Trial
from opinion import Opinion

Solved = tuple[int, float]  # how many trainings, and their mean steps
KIND = "ended by its race"


@dataclass
class Course:
    """A training's course: its steps, how it ended, and the first check of those that solved it."""

    trial: Trial
    steps: int
    outcome: str
    solved_at: int | None

    def is_going(self, step: int) -> bool:
        """It had not ended by itself after so many steps, as far as it was followed."""
        return self.steps > step or (self.steps == step and self.outcome == "pruned")


def check_races(folder: Folder, opinion: Opinion) -> None:
    """Every tuning training of a race: whether it ended early, and after which step."""
    for races in _races(folder).values():
        before: Solved = (0, 0.0)
        for _, courses in sorted(races.items()):
            ends = _ends(courses, before)
            for course in courses:
                trial = course.trial
                where = f"{trial.condition} {trial.spec} rate {trial.rate} seed {trial.seed}"
                said = trial.said["steps"] if trial.said["outcome"] == "pruned" else None
                opinion.say(KIND, f"{where}, after which step", said, ends.get(trial.name))
            before = min(before, *_solved(courses, math.inf).values(), key=lambda each: (-each[0], each[1]))


def _races(folder: Folder) -> dict[tuple[str, str], dict[int, list[Course]]]:
    found: dict[tuple[str, str], dict[int, list[Course]]] = defaultdict(lambda: defaultdict(list))
    for trial in folder.trials:
        if trial.task and trial.asked.get("race"):
            seen = from_curve(folder, trial)
            course = Course(trial, seen["steps"], seen["outcome"], seen["steps_to_solved"])
            found[trial.condition, trial.spec][trial.asked["race"]["number"]].append(course)
    return found


def _ends(courses: list[Course], before: Solved) -> dict[str, int]:
    """By name: the step after which a training is out."""
    rule = courses[0].trial.asked["training"]
    every, spare = rule["stop"]["check_every"], rule["stop"]["solved_checks"] - 2
    found: dict[str, int] = {}
    for step in range(every, rule["steps"], every):
        solved = _solved(courses, step)
        for rate, (count, mean) in solved.items():
            going = [c.trial.name for c in courses if c.trial.rate == rate and c.is_going(step)]
            going = [name for name in going if name not in found]
            could = count + len(going)
            soonest = (count * mean + len(going) * (step - max(0, spare) * every)) / could if going else 0.0
            others = [before, *(each for other, each in solved.items() if other != rate)]
            if going and any(n > could or (n == could and at < soonest) for n, at in others):
                found.update(dict.fromkeys(going, step))
    return found


def _solved(courses: list[Course], step: float) -> dict[float, Solved]:
    """By rate: of the trainings that were solved, and had ended so, by a step."""
    at = defaultdict[float, list[int]](list)
    for course in courses:
        at[course.trial.rate].extend([course.solved_at] if course.outcome == "solved" and course.steps <= step else [])
    return {rate: (len(steps), fmean(steps) if steps else 0.0) for rate, steps in at.items()}
