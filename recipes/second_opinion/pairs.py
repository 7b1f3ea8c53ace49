"""Who is compared with whom: RNN with LSTM contenders, each family's best, the seeds of the analysis that judged."""

from __future__ import annotations

import math
from functools import cached_property
from statistics import fmean

from folder import FAMILY, Folder, Trial
from limits import Limits

Pair = tuple[str, str]  # RNN, LSTM


class Pairs:
    """The contenders of a run as claims compare them."""

    def __init__(self, folder: Folder):
        self.folder = folder
        self.tuning, self.reporting = folder.grouped("tuning"), folder.grouped("reporting")

    @cached_property
    def conditions(self) -> dict[str, list[str]]:
        """source -> its conditions, shortest first."""
        found: dict[str, set[int]] = {}
        for trial in self.folder.trials:
            found.setdefault(trial.source, set()).add(trial.asked["length"])
        order = [source["name"] for source in self.folder.plan["sources"] if source["name"] in found]
        return {source: [f"{source}/T={length}" for length in sorted(found[source])] for source in order}

    def sources(self, claim: str) -> list[str]:
        """Those that are run for a claim: all where the plan names no claims by source."""
        named = self.folder.plan.get("claims_by_source", {})
        return [source for source in self.conditions if claim in named.get(source, [claim])]

    def specs(self, source: str, family: str) -> list[str]:
        """Contenders of a family, as the user gave them."""
        return [c["spec"] for c in self.folder.plan["contenders"][source] if FAMILY.get(c["cell"]) == family]

    def groups(self, source: str, *families: str) -> list[tuple[str, str]]:
        """(condition, contender) of some families."""
        specs = [spec for family in families for spec in self.specs(source, family)]
        return [(condition, spec) for condition in self.conditions[source] for spec in specs]

    def pairs(self, source: str) -> list[Pair]:
        """Every RNN contender with every LSTM contender."""
        return [(rnn, lstm) for rnn in self.specs(source, "RNN") for lstm in self.specs(source, "LSTM")]

    def best(self, condition: str, specs: list[str]) -> str:
        """Whose tuning trials at its best rate are best: solved first, then the validation score, then fewer steps."""
        return max(specs, key=lambda spec: self._merit(condition, spec))

    def best_pair(self, condition: str) -> Pair:
        """Each family's best."""
        source = condition.split("/")[0]
        return self.best(condition, self.specs(source, "RNN")), self.best(condition, self.specs(source, "LSTM"))

    def _merit(self, condition: str, spec: str) -> tuple[float, float, float]:
        rate = self.reporting[condition, spec][0].rate
        trials = [trial for trial in self.tuning[condition, spec] if trial.rate == rate]
        scores = [-math.inf if (s := t.said["validation_score"]) is None else s for t in trials]
        return (
            fmean(t.said["outcome"] == "solved" for t in trials),
            fmean(scores),
            -fmean(t.said["steps"] for t in trials),
        )

    def of(self, claim: str, *groups: tuple[str, str]) -> list[dict[int, Trial]]:
        """Of each group the reporting trials by seed: the first ones, as many as the analysis of the claim's verdict
        had, and of these the seeds that all groups have."""
        most = self.folder.verdicts["interim_analyses"][claim]["seeds"]
        firsts = [{t.seed: t for t in sorted(self.reporting[g], key=lambda t: t.seed)[:most]} for g in groups]
        shared = set.intersection(*(set(first) for first in firsts))
        return [{seed: trial for seed, trial in first.items() if seed in shared} for first in firsts]


def inside(ends: tuple[Limits, Limits] | Limits, low: float, high: float) -> bool | None:
    """Whether an interval lies wholly between two values; None where chance of the bootstrap decides it."""
    (least, _), (_, most) = certain = ((ends[0], ends[0]), (ends[1], ends[1])) if isinstance(ends[0], float) else ends
    (_, low_most), (high_least, _) = certain
    if least > low and most < high:
        return True
    return None if low_most > low and high_least < high else False
