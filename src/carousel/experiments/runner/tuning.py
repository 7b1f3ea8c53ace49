"""From finished tuning trials to the trials that are reported: each contender with its best learning rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from carousel.common.names import TRANSFORMER
from carousel.experiments.runner.cost import cost
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.model_selection import Records, best_rate
from carousel.experiments.runner.plan import Group, Plan
from carousel.experiments.training.description import InitialFlow, OnsetProbe, Trial

ONSET_HIDDEN = 64  # units; the known onsets are stated for it

Positioned = tuple[float, Trial | InitialFlow | OnsetProbe]  # the lowest position is done first


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
    for cell in dict.fromkeys(c.cell for name in plan.onset for c in plan.contenders[name]):
        if cell != TRANSFORMER:
            yield 0.0, OnsetProbe(cell=cell, hidden=ONSET_HIDDEN, seeds=plan.untrained_seeds)


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
                        )


def reporting_jobs(plan: Plan, done: list[Entry], allocation: Mapping[Group, int]) -> Iterator[Positioned]:
    """Reporting trials of every contender and condition whose tuning is complete; the same for any order of
    finishing. allocation: the groups that have more seeds than all begin with, and how many."""
    groups: dict[Group, dict[float, Records]] = defaultdict(lambda: defaultdict(list))
    sample: dict[Group, Trial] = {}
    for entry in done:
        if entry.kind == "trial" and entry.description["phase"] == "tuning" and entry.record is not None:
            trial = Trial.model_validate(entry.description)
            group = trial.condition, trial.contender.spec
            sample[group] = trial
            groups[group][trial.learning_rate].append(entry.record["trial"])
    for group, by_rate in groups.items():
        if sum(map(len, by_rate.values())) == len(plan.learning_rates) * len(plan.tuning_seeds):
            best = best_rate(by_rate)
            for seed in plan.reporting_seeds[: allocation.get(group, plan.first_analysis)]:
                trial = sample[group].model_copy(update={"phase": "reporting", "learning_rate": best, "seed": seed})
                yield -cost(plan, trial), trial
