"""The evidence of a run as rows, by condition, contender and seed: what the rules work from.

A trial that diverged has no score; it counts with the score of the baseline, and as not solved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, TypeVar

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.decision.split_overlap import overlap_of
from carousel.experiments.runner.model_selection import best_rate
from carousel.experiments.tables import OcclusionRow, OnsetRow, RivalRow, SlopeRow, TrialRow, rows_of

if TYPE_CHECKING:
    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.plan import Condition, Group

BySeed = dict[int, TrialRow]


_Row = TypeVar("_Row")


class Pair(NamedTuple):
    """An RNN contender against an LSTM contender, by their specs."""

    rnn: str
    lstm: str

    def __str__(self) -> str:
        return f"{self.lstm} vs {self.rnn}"


@dataclass(frozen=True)
class Results:
    """A view of one run's evidence; nothing is computed that is not asked for."""

    evidence: Evidence

    def asked(self, claim: str) -> Results:
        """The view of the sources alone that the run has for a claim."""
        return Results(replace(self.evidence, plan=self.evidence.plan.only_for(claim)))

    @cached_property
    def conditions(self) -> list[Condition]:
        """The plan's conditions; within a source from the shortest to the longest, the whole sequence last."""
        found = self.evidence.plan.conditions()
        order = [source.name for source in self.evidence.plan.sources]
        return sorted(found, key=lambda c: (order.index(c.source), c.length == 0, c.length))

    def lengths(self, source: str) -> list[Condition]:
        """The conditions of one source, shortest first."""
        return [c for c in self.conditions if c.source == source]

    def judged(self, source: str) -> list[Condition]:
        """All lengths of a task; of a file only the longest history: the cut ones are the same data again."""
        found = self.lengths(source)
        return found[-1:] if self.is_file(source) else found

    def is_file(self, source: str) -> bool:
        """The source is a user's file."""
        return source == self.file

    @property
    def file(self) -> str | None:
        """The user's file, which is compared alone; None where built-in tasks are, or nothing is run for a claim."""
        return next((s.name for s in self.evidence.plan.sources if s.kind == "file"), None)

    @cached_property
    def overlap(self) -> float:
        """Test examples over training examples where each seed has its own split of a file; 0 where it has not."""
        return overlap_of(self.evidence.card)

    @cached_property
    def rivals(self) -> dict[str, dict[int, RivalRow]]:
        """The simple methods on the user's file, by seed; the simplest first."""
        found: dict[str, dict[int, RivalRow]] = {}
        for row in rows_of(self.evidence.rivals, RivalRow):
            found.setdefault(row.rival, {})[row.seed] = row
        order = self.evidence.plan.rivals.get(self.file or "", ())
        return {name: found[name] for name in order if name in found}

    @property
    def metric(self) -> str:
        """What a score is: "accuracy", "r2" or "log_likelihood" of a file; of tasks accuracy or the like."""
        card = self.evidence.card
        return card["baseline"]["metric"] if card is not None and "baseline" in card else "accuracy"

    def specs(self, source: str, *families: str) -> list[str]:
        """The contenders of some families, in the order the user gave."""
        made = self.evidence.plan.contenders[source]
        return [c.spec for c in made if FAMILY_OF_CELL[c.cell] in families]

    def layers(self, source: str) -> dict[str, int]:
        """How deep each contender is."""
        return {c.spec: c.layers for c in self.evidence.plan.contenders[source]}

    def pairs(self, source: str) -> list[Pair]:
        """Every RNN contender with every LSTM contender."""
        return [Pair(r, m) for r in self.specs(source, "RNN") for m in self.specs(source, "LSTM")]

    def reporting(self, condition: str, spec: str) -> BySeed:
        """The reporting trials of a contender by seed (at its tuned learning rate)."""
        return self._by_seed(self._trials.get(("reporting", condition, spec), []))

    def together(self, *groups: Group) -> list[BySeed]:
        """The reporting trials of several groups, limited to the seeds that all of them have: a group that was given
        more seeds for another comparison counts here with no more than its partner."""
        each = [self.reporting(condition, spec) for condition, spec in groups]
        common = set.intersection(*map(set, each)) if each else set()
        return [{seed: row for seed, row in rows.items() if seed in common} for rows in each]

    def best_pair(self, condition: Condition) -> Pair | None:
        """Each family's best contender there, chosen on validation in the tuning phase, never on the test part."""
        rnn, lstm = (self.best(condition.key, self.specs(condition.source, family)) for family in ("RNN", "LSTM"))
        return Pair(rnn, lstm) if rnn and lstm else None

    def best(self, condition: str, specs: Iterable[str]) -> str | None:
        """The best of some contenders there, chosen in the tuning phase; None where none was trained."""
        asked = condition, tuple(specs)
        if asked not in self._best:
            self._best[asked] = self._found_best(*asked)
        return self._best[asked]

    def _found_best(self, condition: str, specs: Iterable[str]) -> str | None:
        merits = {}
        for spec in specs:
            rows = self.tuning(condition, spec) or list(self.reporting(condition, spec).values())
            if rows:
                by_rate = {rate: found for (rate,), found in _grouped(rows, "learning_rate").items()}
                merits[spec] = _mean_merit(by_rate[best_rate(by_rate)])
        return max(merits, key=lambda spec: merits[spec]) if merits else None

    def room_above_baseline(self, source: str, whole: str) -> float:
        """Of a file: the best mean score minus the baseline's, on the whole sequence; 0 where nothing was trained. A
        file's margins are a share of it, since its scores have no scale of their own."""
        made = self.evidence.plan.contenders[source]
        trials = [list(self.reporting(whole, contender.spec).values()) for contender in made]
        excess = [math.fsum(score(r) - r.baseline_score for r in rows) / len(rows) for rows in trials if rows]
        return max(excess, default=0.0)

    def tuning(self, condition: str, spec: str) -> list[TrialRow]:
        """The tuning trials of a contender, all learning rates."""
        return self._trials.get(("tuning", condition, spec), [])

    def slopes(self, condition: str, spec: str, moment: str) -> dict[int, SlopeRow]:
        """Lag profiles of a contender by seed; the slope of one is null where too few lags were there to fit it."""
        return {row.seed: row for row in self._slopes.get((condition, spec, moment), [])}

    def has_slopes(self, condition: str) -> bool:
        """Lag profiles were measured under this condition."""
        return any(key[0] == condition for key in self._slopes)

    def onset(self, family: str) -> dict[str, dict[int, OnsetRow]]:
        """Onset of chaos of a family: cell -> seed -> row."""
        cells: dict[str, dict[int, OnsetRow]] = {}
        for row in self.onsets:
            if row.family == family:
                cells.setdefault(row.cell, {})[row.seed] = row
        return cells

    def occlusion(self, condition: str, spec: str) -> dict[tuple[int, int], dict[int, float]]:
        """The score a contender loses by each block of lags [a, b), by seed; the nearest block first."""
        blocks: dict[tuple[int, int], dict[int, float]] = {}
        for row in self._occlusion.get((condition, spec), []):
            if is_number(row.score_drop):
                blocks.setdefault((row.lag_from, row.lag_to), {})[row.seed] = row.score_drop
        return dict(sorted(blocks.items()))

    @cached_property
    def onsets(self) -> list[OnsetRow]:
        """Onset of chaos of every family."""
        return rows_of(self.evidence.onset, OnsetRow)

    @cached_property
    def _occlusion(self) -> dict[tuple[str, str], list[OcclusionRow]]:
        return _grouped(rows_of(self.evidence.occlusion, OcclusionRow), "condition", "contender")

    @cached_property
    def _best(self) -> dict[tuple[str, tuple[str, ...]], str | None]:
        """The answers of `best` so far: a rule asks the same at every error it tries."""
        return {}

    @cached_property
    def _trials(self) -> dict[tuple[str, str, str], list[TrialRow]]:
        return _grouped(rows_of(self.evidence.trials, TrialRow), "phase", "condition", "contender")

    @cached_property
    def _slopes(self) -> dict[tuple[str, str, str], list[SlopeRow]]:
        return _grouped(rows_of(self.evidence.slopes, SlopeRow), "condition", "contender", "moment")

    @staticmethod
    def _by_seed(rows: Iterable[TrialRow]) -> BySeed:
        # One trial a seed is the rule; of several learning rates the best on validation represents the seed.
        return {row.seed: row for row in sorted(rows, key=_merit)}


def is_number(value: float | None) -> TypeGuard[float]:
    """Neither null nor NaN nor infinite."""
    return value is not None and math.isfinite(value)


def score(row: TrialRow, column: str = "score") -> float:
    """The test score; the baseline's where the trial diverged, whatever its best weights before that would score."""
    found = getattr(row, column)
    return float(found if row.outcome != "diverged" and is_number(found) else row.baseline_score)


def solved(row: TrialRow) -> bool | None:
    """Whether the trial solved its task; a diverged one did not; None where the source has no such line."""
    if row.outcome == "diverged":
        return False
    return row.solved


def numbers(rows: Iterable[TrialRow], column: str) -> list[float]:
    """What an optional column (carousel.experiments.columns) holds; empty where it was not measured."""
    return [float(found) for found in (getattr(row, column) for row in rows) if is_number(found)]


def trial_files(rows: Iterable[TrialRow]) -> tuple[str, ...]:
    """The raw files of trials, relative to the run folder, each once."""
    return tuple(dict.fromkeys(f"trials/{row.trial}.parquet" for row in rows))


def _merit(row: TrialRow) -> tuple[float, float, float]:
    """Stopped as solved (by validation), then the validation score, then fewer steps. The test part is not read."""
    validation = row.validation_score if is_number(row.validation_score) else -math.inf
    steps = row.steps_to_solved if is_number(row.steps_to_solved) else math.inf
    return float(row.outcome == "solved"), float(validation), -float(steps)


def _mean_merit(rows: list[TrialRow]) -> tuple[float, ...]:
    return tuple(sum(column) / len(rows) for column in zip(*map(_merit, rows), strict=True))


def _grouped(rows: Iterable[_Row], *keys: str) -> dict[Any, list[_Row]]:
    groups: dict[Any, list[_Row]] = {}
    for row in rows:
        name = tuple(getattr(row, key) for key in keys)
        groups.setdefault(name, []).append(row)
    return groups
