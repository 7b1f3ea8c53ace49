"""When a trial ends by itself before its last step: solved, or (on a user's file) stalled. Never for being slow: what
ends a tuning trial because of others (`pruning`) changes no choice."""

from __future__ import annotations

from typing import final

from carousel.experiments.columns import Outcome
from carousel.experiments.tasks.base import Metric
from carousel.experiments.training.rules import StopRule


@final
class Stopping:
    """Applies a StopRule to one trial; `check` is called every `check_every` steps and depends on nothing but its
    numbers."""

    def __init__(self, rule: StopRule, metric: Metric):
        self._rule, self._metric = rule, metric
        self._run = 0  # checks in a row at or above the solved threshold
        self._best = float("-inf")
        self._since_best = 0
        self.steps_to_solved: int | None = None

    def check(self, step: int, validation_score: float) -> Outcome | None:
        """The outcome that ends the trial here, or None to go on."""
        if self._is_solved(step, validation_score):
            return "solved"
        return "stalled" if self._is_stalled(validation_score) else None

    def _is_solved(self, step: int, score: float) -> bool:
        if self._metric.solved_threshold is None or score < self._metric.solved_threshold:
            self._run, self.steps_to_solved = 0, None
            return False
        self._run += 1
        self.steps_to_solved = self.steps_to_solved or step
        return self._run >= self._rule.solved_checks

    def _is_stalled(self, score: float) -> bool:
        self._since_best = 0 if score > self._best else self._since_best + 1
        self._best = max(self._best, score)
        return self._rule.patience is not None and self._since_best >= self._rule.patience
