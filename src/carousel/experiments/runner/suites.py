"""What is run where the user leaves it open: the tasks that the claims ask for, and their networks on a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from carousel.common.errors import BadPlan
from carousel.common.names import MEMORISED
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.runner.budgets import Budget
from carousel.experiments.runner.requirement import Requirement, TaskRequirement
from carousel.experiments.training.description import TaskSource


class SuiteTask(NamedTuple):
    """A task, the claims it is run for (none: all), and its contenders. lengths, parameters: its own, or None for those
    of the budget and of the request."""

    source: TaskSource
    claims: tuple[str, ...]
    contenders: tuple[ContenderSpec, ...]
    lengths: tuple[int, ...] | None = None
    parameters: int | None = None


def suite(budget: Budget, claims: tuple[str, ...], known: Sequence[Requirement]) -> tuple[SuiteTask, ...]:
    """The tasks of a budget that some claims ask for, all claims where none is named; in the order in which they are
    first asked for. Raises BadPlan for a claim that the budget has no task for."""
    wanted = _wanted(claims, known)
    asked: dict[TaskSource, dict[str, TaskRequirement]] = {}
    for requirement in wanted:
        for each in requirement.tasks:
            if budget.name in each.budgets:
                asked.setdefault(_source(each), {})[requirement.claim] = each
    _check_measured(budget, claims, asked, known)
    return tuple(_merged(source, by_claim, budget) for source, by_claim in asked.items())


def named_task(task: str, contenders: Sequence[ContenderSpec], known: Sequence[Requirement]) -> SuiteTask:
    """A task that the user names, and the claims it can be judged for."""
    claims = tuple(r.claim for r in known if r.memorised) if task in MEMORISED else ()
    return SuiteTask(TaskSource(name=task), claims, tuple(contenders))


def on_file(claims: tuple[str, ...], known: Sequence[Requirement]) -> list[Requirement]:
    """What a run on a file asks for: the claims named, else all that need no networks of their own there."""
    return _wanted(claims, known) if claims else [r for r in known if r.file_contenders is None]


def file_contenders(budget: Budget, asked: Sequence[Requirement]) -> list[ContenderSpec]:
    """The contenders of these claims, each once: those of the budget, then those that a claim has of its own."""
    texts = [budget.contenders] if any(r.file_contenders is None for r in asked) else []
    texts += [r.file_contenders for r in asked if r.file_contenders is not None]
    return list(dict.fromkeys(spec for text in texts for spec in parse_contenders(text)))


def _source(asked: TaskRequirement) -> TaskSource:
    if asked.name == asked.task:
        return TaskSource(name=asked.task)
    return TaskSource(name=asked.name, task=asked.task, sequences=asked.sequences)


def _wanted(claims: tuple[str, ...], known: Sequence[Requirement]) -> list[Requirement]:
    return [requirement for requirement in known if not claims or requirement.claim in claims]


def _check_measured(
    budget: Budget,
    claims: tuple[str, ...],
    asked: Mapping[TaskSource, Mapping[str, TaskRequirement]],
    known: Sequence[Requirement],
) -> None:
    for claim in claims:
        if not any(claim in by_claim for by_claim in asked.values()):
            able = [r.claim for r in known if any(budget.name in each.budgets for each in r.tasks)]
            what = f"the {budget.name} budget has no measurement for the claim {claim!r}"
            raise BadPlan(what, allowed=", ".join(able), fix="--budget standard, which has one for every claim")


def _merged(source: TaskSource, by_claim: dict[str, TaskRequirement], budget: Budget) -> SuiteTask:
    """One task for several claims: the contenders and lengths of each, and one number of parameters for all."""
    each = list(by_claim.values())
    texts = [one.contenders or budget.contenders for one in each]
    specs = dict.fromkeys(spec for text in dict.fromkeys(texts) for spec in parse_contenders(text))
    own = any(one.lengths for one in each)
    lengths = {n for one in each for n in one.lengths or budget.lengths}
    sizes = {one.parameters for one in each}
    if len(sizes) > 1:
        claims = ", ".join(by_claim)
        raise BadPlan(f"the claims {claims} ask for {source.name} with different sizes", fix="name one of them")
    return SuiteTask(source, tuple(by_claim), tuple(specs), tuple(sorted(lengths)) if own else None, sizes.pop())
