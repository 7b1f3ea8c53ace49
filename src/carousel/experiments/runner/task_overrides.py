"""Built-in tasks that the budget's training does not suit, and how they are trained instead. Part of the plan."""

from __future__ import annotations

from collections.abc import Iterable

from carousel.experiments.training.description import Source, TaskSource
from carousel.experiments.training.rules import Training

_TABLE_BATCH = 512  # rows: with 32, a table of 4,096 is seen 16 times in 2,000 steps, and hardly a row of it is kept


def training_by_source(sources: Iterable[Source], training: Training) -> dict[str, Training]:
    """By name. random-labels: larger batches. A training set that ends: half the steps, since every trial makes all of
    them, and so few sequences are fitted sooner (docs/claims.md says how far)."""
    table = training.model_copy(update={"batch_size": _TABLE_BATCH})
    fitted = training.model_copy(update={"steps": max(1, training.steps // 2)})
    found = {}
    for source in sources:
        if source.name == "random-labels":
            found[source.name] = table
        elif isinstance(source, TaskSource) and source.sequences is not None:
            found[source.name] = fitted
    return found
