"""The best network of a run that is not finished: for the progress shown, not for any verdict."""

from __future__ import annotations

from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.plan import Plan
from carousel.experiments.training.description import condition_key


class BestSoFar:
    """The best validation score so far under the hardest condition, tuning or reporting."""

    def __init__(self, plan: Plan):
        self._condition = plan.hardest().key
        self.found: tuple[float, str] | None = None

    def see(self, entry: Entry) -> None:
        """A job that is done."""
        if entry.kind != "trial" or entry.record is None:
            return
        about, score = entry.description, entry.record["trial"]["validation_score"]
        if condition_key(about["source"]["name"], about["length"]) == self._condition and score is not None:
            self.found = max(self.found or (score, about["contender"]["spec"]), (score, about["contender"]["spec"]))

    def values(self) -> dict[str, str]:
        """Condition, contender and score, for the text."""
        assert self.found is not None  # asked for only then
        score, contender = self.found
        return {"condition": self._condition, "contender": contender, "score": f"{score:.3f}"}
