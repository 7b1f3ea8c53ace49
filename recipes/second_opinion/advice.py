"""The advice: its rule, and the numbers of its sentences, from the reporting trials of the first analysis."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import fmean, median

from contenders import ends, is_solved, score_of
from folder import Trial
from limits import Limits, of_mean, rate_difference
from opinion import Opinion
from pairs import Pairs

TIED, ERROR = 0.01, 0.05  # docs/claims.md, Advice
NUMBER = r"([+−-]?[\d.e−-]+)"


@dataclass(frozen=True)
class Standing:
    """A contender's trials over all conditions that are compared."""

    spec: str
    trials: list[Trial]

    @property
    def rate(self) -> float:
        """Share solved."""
        return fmean(map(is_solved, self.trials))

    @property
    def baseline(self) -> float:
        """Mean over the trials."""
        return fmean(t.said["baseline_score"] for t in self.trials)

    @property
    def validation(self) -> float:
        """Mean best check; of a training without one the baseline's score."""
        seen = [(t.said["validation_score"], t.said["baseline_score"]) for t in self.trials]
        return fmean(score if score is not None else baseline for score, baseline in seen)

    def beats_baseline(self) -> bool:
        """Solved once, or better than the baseline by the interval of the mean."""
        above = [score_of(t) - t.said["baseline_score"] for t in self.trials]
        (least, most), _ = of_mean(above, 1 - ERROR)
        return self.rate > 0 or (least + most) / 2 > 0

    def wins(self) -> tuple[float, int]:
        """Solved, of how many seeds: a seed counts once, by its mean over the conditions."""
        by_seed: dict[int, list[bool]] = {}
        for trial in self.trials:
            by_seed.setdefault(trial.seed, []).append(is_solved(trial))
        return sum(map(fmean, by_seed.values())), len(by_seed)


def check_advice(pairs: Pairs, opinion: Opinion) -> None:
    """The recommended name, and every number that its paragraph gives."""
    text, ranked = pairs.folder.verdicts["advice"]["en"], standings(pairs)
    able = [one for one in ranked.values() if one.beats_baseline()]
    named = best_of(able)
    opinion.say("advice", "recommended", pairs.folder.verdicts["recommended"], named.spec if named else None)
    taken = re.search(r"it solved (\d+) of (\d+) trainings\.", text)
    if named is None or taken is None:
        opinion.omit("advice without a network that solved something")
        return
    found = {"solved": sum(map(is_solved, named.trials)), "of": len(named.trials)}
    for printed, (name, ours) in zip(taken.groups(), found.items(), strict=True):
        opinion.say("advice", name, printed, ours)
    families = {one.spec: one.trials[0].family for one in ranked.values()}
    simplest = ranked.get("rnn") or next((one for one in ranked.values() if families[one.spec] == "RNN"), None)
    if simplest is not None and simplest.spec != named.spec:
        _check_gain(text, named, simplest, len(able), opinion)
    _check_other(text, named, ranked, len(able), opinion)


def standings(pairs: Pairs) -> dict[str, Standing]:
    """Of the sources that have the contenders of the source with the most."""
    plan = pairs.folder.plan
    sources = [s for s in pairs.conditions if all(t.sequences is None for t in _of_source(pairs, s))]
    specs = {source: [c["spec"] for c in plan["contenders"][source]] for source in sources}
    widest = max(specs.values(), key=len)
    first = (plan.get("interim_analyses") or [None])[0]
    found = {}
    for spec in widest:
        groups = [(c, spec) for s in sources if specs[s] == widest for c in pairs.conditions[s]]
        trials = [t for g in groups for t in sorted(pairs.reporting[g], key=lambda t: t.seed)[:first]]
        found[spec] = Standing(spec, trials)
    return found


def _of_source(pairs: Pairs, source: str) -> list[Trial]:
    return [trial for trial in pairs.folder.trials if trial.source == source]


def best_of(able: list[Standing]) -> Standing | None:
    """The highest solved-rate, then the highest validation score; within 1 % of its room the fewest steps."""
    if not able:
        return None
    rate = max(one.rate for one in able)
    most = [one for one in able if one.rate == rate]
    top = max(most, key=lambda one: one.validation)
    tied = [one for one in most if top.validation - one.validation <= TIED * (top.validation - top.baseline)]
    return min(tied, key=lambda one: fmean(t.said["steps"] for t in one.trials))


def _check_gain(text: str, named: Standing, simplest: Standing, able: int, opinion: Opinion) -> None:
    rest = text.split(f"Against {simplest.spec} ")[1]
    value = re.search(rf"(?:differs by|was shown:) {NUMBER}", rest)
    choice = re.search(r"choice among (\d+)", rest)
    printed = re.search(r"interval (\[.*?\])", rest)
    ratio = re.search(rf"takes {NUMBER} times", rest)
    if value is None or choice is None or printed is None:
        raise ValueError(f"the advice has another form: {text}")
    opinion.say("advice", f"against {simplest.spec}, chosen among", choice[1], able)
    _check_difference(f"against {simplest.spec}", value[1], printed[1], named, simplest, able, opinion)
    if ratio is not None:
        seconds = [median(t.said["seconds"] for t in one.trials) for one in (named, simplest)]
        opinion.say("advice", "seconds, ratio", ratio[1], seconds[0] / seconds[1])


def _check_other(text: str, named: Standing, ranked: dict[str, Standing], able: int, opinion: Opinion) -> None:
    """The same cell with another initialisation, where it did worse."""
    told = re.search(
        rf"matters: (\S+), the same cell, has a solved-rate lower by {NUMBER} \(95 % interval (\[.*?\])", text
    )
    if told is not None:
        _check_difference(f"against {told[1]}", told[2], told[3], named, ranked[told[1]], able, opinion)


def _check_difference(
    where: str, value: str, interval: str, named: Standing, other: Standing, able: int, opinion: Opinion
) -> None:
    first, second = named.wins(), other.wins()
    limits: Limits = rate_difference(first, second, 1 - ERROR / able)
    opinion.say("advice", f"{where}, difference", value, first[0] / first[1] - second[0] / second[1])
    for name, printed, ours in zip(("low", "high"), ends(interval), limits, strict=True):
        opinion.say("advice", f"{where}, {name}", printed, ours if math.isfinite(ours) else None)
