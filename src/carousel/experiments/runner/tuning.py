"""From finished tuning trials to what follows: learning rates beyond the plan's, then the trials that are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from carousel.common.names import TRANSFORMER
from carousel.experiments.probes.onset import WITHOUT_ONSET
from carousel.experiments.runner.cost import cost
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.model_selection import Tuning, grid_of
from carousel.experiments.runner.plan import Group, Plan
from carousel.experiments.training.description import (
    FileSource,
    InitialFlow,
    OnsetProbe,
    Refit,
    RivalTrial,
    Trial,
    condition_key,
)
from carousel.experiments.training.rules import Race

ONSET_HIDDEN = 64  # units; the known onsets are stated for it

Positioned = tuple[float, Trial | InitialFlow | OnsetProbe | Refit | RivalTrial]  # the lowest position is done first


def first_jobs(plan: Plan) -> Iterator[Positioned]:
    """What can start at once: tuning trials and probes. Longer trials come first, so that no worker is left with a
    long one at the end; the quick probes last."""
    for trial in _tuning_trials(plan):
        yield -cost(plan, trial), trial
    for source in plan.sources:
        for length in plan.lengths_of(source.name) if source.name in plan.initial_flow else ():
            for contender in plan.contenders[source.name]:
                if contender.cell != TRANSFORMER:  # no recurrent state: no gradient flow, no onset of chaos
                    seeds = plan.untrained_seeds
                    yield 0.0, InitialFlow(source=source, length=length, contender=contender, seeds=seeds)
    yield from _rivals(plan)
    for cell in dict.fromkeys(c.cell for name in plan.onset for c in plan.contenders[name]):
        if cell != TRANSFORMER and cell not in WITHOUT_ONSET:
            yield 0.0, OnsetProbe(cell=cell, hidden=ONSET_HIDDEN, seeds=plan.untrained_seeds)


def _rivals(plan: Plan) -> Iterator[Positioned]:
    """Once a split. Some of them take longer than any probe."""
    for source in plan.sources:
        for rival in plan.rivals.get(source.name, ()):
            assert isinstance(source, FileSource)  # `Plan.flaw` has looked
            for seed in plan.reporting_seeds[: plan.first_analysis]:
                yield -1.0, RivalTrial(source=source, rival=rival, seed=seed)


def whole_cost(plan: Plan) -> float:
    """Rough cost of all trials that the plan begins with, tuning and reporting."""
    tuned = len(plan.learning_rates) * len(plan.tuning_seeds)
    tuning = sum(cost(plan, trial) for trial in _tuning_trials(plan))
    return tuning * (1 + plan.first_analysis / tuned)


def _tuning_trials(plan: Plan) -> Iterator[Trial]:
    for source in plan.sources:
        for length in plan.lengths_of(source.name):
            for contender in plan.contenders[source.name]:
                for rate in plan.learning_rates:
                    for seed in plan.tuning_seeds:
                        yield Trial(
                            phase="tuning",
                            source=source,
                            length=length,
                            contender=contender,
                            learning_rate=rate,
                            seed=seed,
                            training=plan.training_of(source.name),
                            kernel=plan.kernel,
                            race=_race(plan, 0, plan.learning_rates),
                        )


def _race(plan: Plan, number: int, rates: Sequence[float], solved: int = 0, steps: float = 0.0) -> Race | None:
    if not plan.prunes_tuning:
        return None
    return Race(number=number, rates=len(rates), seeds=len(plan.tuning_seeds), solved=solved, steps=steps)


def following_jobs(plan: Plan, tuned: Iterable[Entry], allocation: Mapping[Group, int]) -> Iterator[Positioned]:
    """What finished tuning trials call for, those of whole groups: the trials at every learning rate beyond the plan's,
    and, once the best is found, the reporting trials. The same for any order of finishing.

    allocation: the groups that have more seeds than all begin with, and how many."""
    groups: dict[Group, dict[float, list[Tuning]]] = defaultdict(lambda: defaultdict(list))
    sample: dict[Group, Entry] = {}
    for entry in tuned:
        assert entry.record is not None  # it is finished
        group = group_of(entry)
        sample.setdefault(group, entry)
        groups[group][entry.description["learning_rate"]].append(Tuning.of(entry.record["trial"]))
    for group, by_rate in groups.items():
        grid = grid_of(by_rate, plan.learning_rates, len(plan.tuning_seeds), plan.rate_bounds, plan.finest_ratio)
        trial = Trial.model_validate(sample[group].description)
        for number, added in enumerate(grid.added, start=1):
            like = trial.model_copy(update={"phase": "tuning", "race": _race(plan, number, *added)})
            for rate in added.rates:
                yield from _positioned(plan, like, rate, plan.tuning_seeds)
        if grid.best is not None:
            seeds = plan.reporting_seeds[: allocation.get(group, plan.first_analysis)]
            like = trial.model_copy(update={"phase": "reporting", "race": None})
            yield from _positioned(plan, like, grid.best, seeds)


def _positioned(plan: Plan, like: Trial, rate: float, seeds: Iterable[int]) -> Iterator[Positioned]:
    for seed in seeds:
        trial = like.model_copy(update={"learning_rate": rate, "seed": seed})
        yield -cost(plan, trial), trial


def group_of(entry: Entry) -> Group:
    """The group of a trial."""
    about = entry.description
    return condition_key(about["source"]["name"], about["length"]), about["contender"]["spec"]
