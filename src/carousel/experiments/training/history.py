"""What happened in a training, step by step: as it is followed, as the table of its curves, and in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from carousel.experiments.columns import Outcome
from carousel.experiments.training.gradient_norms import summarise_norms

_RECENT = 50  # steps whose mean loss is the training loss
_TESTED = ("solved", "score", "training_score", "test_loss", "rmse")  # what the weights that are kept answer
CURVES = {"step": pl.Int32(), "loss": pl.Float64(), "gradient_norm": pl.Float64(), "validation_score": pl.Float64()}


@dataclass
class History:
    """Of one trial. `validation` maps a step to the score of its check."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    validation: dict[int, float] = field(default_factory=dict)
    outcome: Outcome = "finished"
    steps_to_solved: int | None = None
    best_step: int = 0

    @classmethod
    def pruned(cls, curves: pl.DataFrame) -> History:
        """Of a trial that ended with the last step of its curves, its learning rate being out of the race then."""
        checks = curves.filter(pl.col("validation_score").is_not_null())
        found = cls(curves["loss"].to_list(), curves["gradient_norm"].to_list(), outcome="pruned")
        for at, score in checks.select("step", "validation_score").iter_rows():
            found.note_check(at, score)
        return found

    def note_check(self, step: int, score: float) -> bool:
        """Enter the score of a check; whether it is the best so far, the last of equals."""
        is_best = score >= self.validation.get(self.best_step, -math.inf)
        self.validation[step] = score
        if is_best:
            self.best_step = step
        return is_best

    def curves(self) -> pl.DataFrame:
        """A row a step: step, loss, gradient_norm (before clipping), validation_score (null between checks)."""
        steps = range(1, len(self.losses) + 1)
        scores = [self.validation.get(step) for step in steps]
        return pl.DataFrame([list(steps), self.losses, self.norms, scores], schema=CURVES)

    def in_numbers(self) -> dict[str, Any]:
        """Those of the columns of a trial that follow from its history alone. One that was pruned is not tested: its
        learning rate is not chosen, whatever it would score."""
        norms = summarise_norms(self.norms, self.losses)
        recent = [loss for loss in self.losses[-_RECENT:] if math.isfinite(loss)]
        return {
            "outcome": self.outcome,
            "validation_score": max(self.validation.values(), default=None),
            "training_loss": sum(recent) / len(recent) if recent else None,
            "steps": len(self.losses),
            "steps_to_solved": self.steps_to_solved,
            "best_step": self.best_step,
            "gradient_norm_max": norms.largest,
            "spike_share": norms.spike_share,
            "nan_share": norms.nan_share,
            "spike_steps": norms.spike_steps,
            **(dict.fromkeys(_TESTED) if self.outcome == "pruned" else {}),
        }
