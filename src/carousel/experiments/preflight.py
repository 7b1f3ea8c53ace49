"""From a request to a plan, and what the plan can answer and cannot: known before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from carousel.common.errors import BadPlan
from carousel.common.pages.numbers import rate
from carousel.common.texts import text
from carousel.experiments.claims import Claim, all_claims, requirements
from carousel.experiments.data import DataTask, card_lines
from carousel.experiments.decision.requirements import is_file, single_condition
from carousel.experiments.decision.sample_size import too_few
from carousel.experiments.runner.budgets import BUDGETS
from carousel.experiments.runner.plan import Contender, Plan
from carousel.experiments.runner.planning import Planned, make_plan, replan
from carousel.experiments.runner.request import ComparisonRequest


@dataclass(frozen=True)
class Preflight:
    """A plan, and what is known of its claims.

    parameters: as asked for; the plan may have had to take more. impossible: the claims asked for that no outcome could
    answer, each with why (a key under claims.untested). shown: measured, and not judged. few: claims that so few seeds
    cannot decide, with the fewest that could. single: measured under one condition, which decides nothing general.
    """

    planned: Planned
    parameters: int
    impossible: dict[str, str]
    shown: tuple[str, ...]
    few: dict[str, int]
    single: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """The plan alone."""
        return self.planned.plan

    @property
    def no_verdict(self) -> bool:
        """No claim asked for can come to a verdict: the run has tables and figures alone."""
        return {claim.id for claim in _asked(self.plan)} <= {*self.impossible, *self.few, *self.shown, *self.single}

    def lines(self, lang: str) -> Iterator[str]:
        """The plan and its limits, a sentence a line."""
        yield text("cli.question", lang)
        if self.planned.prepared is not None:
            yield from card_lines(self.planned.prepared.card, lang)
        yield from _plan_lines(self.plan, lang)
        if self.plan.parameters != self.parameters:
            yield text("cli.raised", lang, asked=f"{self.parameters:,}", taken=f"{self.plan.parameters:,}")
        yield from self._impossible_lines(lang)
        yield from self._undecided_lines(lang)

    def _impossible_lines(self, lang: str) -> Iterator[str]:
        """A line each for what was named, or cannot be asked of this file; else one line for all."""
        unasked = [c.id for c in _asked(self.plan) if c.id in self.impossible and _trained_where_named(c, self.plan)]
        tasks = [] if self.plan.claims or self.plan.sources[0].kind == "file" else list(self.impossible)
        for claim, why in self.impossible.items():
            if claim not in (*unasked, *tasks):
                yield text("cli.unable", lang, claim=claim, why=_reason(claim, why, lang))
        if unasked:
            yield text("cli.file_unasked", lang, claims=", ".join(unasked), option=",".join(unasked))
        if tasks:
            yield text("cli.no_tasks", lang, claims=", ".join(tasks))

    def _undecided_lines(self, lang: str) -> Iterator[str]:
        if self.shown:
            yield text("cli.file_shown", lang, claims=", ".join(self.shown))
        if self.few:
            listed = ", ".join(f"{claim} ({seeds})" for claim, seeds in self.few.items())
            most = BUDGETS["standard"].interim_analyses[-1]
            yield text("cli.too_few", lang, seeds=self.plan.last_analysis, claims=listed, most=most)
        if self.single:
            yield text("cli.one_condition", lang, claims=", ".join(self.single))
        if self.no_verdict:
            yield text("cli.no_verdict", lang)


def preflight(request: ComparisonRequest, plan: Path | None = None) -> Preflight:
    """Plan what is asked for, or take the plan of an earlier run as it is.

    Raises UserError: unknown names, contradictions, files that cannot be used, and a plan none of whose named claims
    could be answered.
    """
    if plan is not None and request != ComparisonRequest():
        raise BadPlan("--plan holds every option already", fix="give only --out, --workers, --json or --lang with it")
    planned = make_plan(request, requirements()) if plan is None else replan(plan)
    impossible = _impossible(planned)
    _refuse(planned.plan, impossible)
    parameters = request.parameters if plan is None else planned.plan.parameters
    return _known(planned, parameters, impossible)


def _known(planned: Planned, parameters: int, impossible: dict[str, str]) -> Preflight:
    plan, on_file = planned.plan, planned.splits is not None
    asked = _asked(plan)
    shown = tuple(c.id for c in asked if on_file and not c.judged_on_file and c.id not in impossible)
    few = too_few(asked, plan)
    single = tuple(claim for claim in single_condition(asked, plan) if claim not in few)
    return Preflight(planned, parameters, impossible, shown, few, single)


def _impossible(planned: Planned) -> dict[str, str]:
    plan, prepared = planned.plan, planned.prepared
    every_step = prepared is not None and DataTask(prepared).readout == "every"
    return {c.id: why for c in _asked(plan) if (why := c.why_not(plan, every_step=every_step))}


def _asked(plan: Plan) -> list[Claim]:
    return [claim for claim in all_claims() if plan.asks(claim.id)]


def _trained_where_named(claim: Claim, plan: Plan) -> bool:
    """It has networks of its own on a file, which were not asked for."""
    return is_file(plan) and claim.requirement.file_contenders is not None and not plan.claims


def _refuse(plan: Plan, impossible: dict[str, str]) -> None:
    """Nothing is trained for claims alone that the plan cannot answer."""
    if plan.claims and set(impossible) == set(plan.claims):
        reasons = dict.fromkeys(_reason(claim, why, "en") for claim, why in impossible.items())
        said = " ".join(reasons).removesuffix(".")
        fix = "leave --claims out to train and compare all the same"
        raise BadPlan(f"this run cannot answer --claims {','.join(impossible)}: {said}", fix=fix)


def _reason(claim: str, why: str, lang: str) -> str:
    return next(c for c in all_claims() if c.id == claim).untested(why)[lang]


def _plan_lines(plan: Plan, lang: str) -> Iterator[str]:
    yield text(
        "cli.plan",
        lang,
        contenders=len(plan.specs),
        conditions=len(plan.conditions()),
        rates=len(plan.learning_rates),
        tuning=len(plan.tuning_seeds),
        reporting=plan.first_analysis,
        trials=plan.count_trials(),
        steps=plan.training.steps,
    )
    added = plan.most_rates - len(plan.learning_rates)
    if added:
        low, high = map(rate, plan.rate_bounds)
        yield text("cli.more_rates", lang, low=low, high=high)
        if plan.finest_ratio is not None:
            yield text("cli.finer_rates", lang, ratio=f"{plan.finest_ratio:g}")
        yield text("cli.added_rates", lang, added=added)
    if plan.prunes_tuning:
        yield text("cli.pruned_rates", lang)
    if plan.last_analysis > plan.first_analysis:
        yield text("cli.more_seeds", lang, seeds=plan.last_analysis)
    for source in plan.sources:
        sizes = ", ".join(f"{c.spec} {_width(c)} ({c.parameters:,})" for c in plan.contenders[source.name])
        yield text("cli.sizes", lang, source=source.name, sizes=sizes)


def _width(contender: Contender) -> str:
    """Hidden units; of a Transformer the width between its blocks and that of its MLP."""
    return f"H={contender.hidden}" if contender.mlp is None else f"D={contender.hidden} MLP={contender.mlp}"
