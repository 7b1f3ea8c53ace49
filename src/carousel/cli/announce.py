"""What `carousel compare` says before anything is trained: the plan, and which claims it can answer, or cannot."""

from __future__ import annotations

from carousel.cli.console import Console
from carousel.common.errors import BadPlan
from carousel.common.names import CLAIMS
from carousel.common.texts import text
from carousel.experiments.claims.thresholds import THRESHOLDS
from carousel.experiments.data import DataTask, card_lines
from carousel.experiments.decision.requirements import alone, why_not
from carousel.experiments.decision.sample_size import too_few
from carousel.experiments.runner.budgets import BUDGETS
from carousel.experiments.runner.file_suite import SHOWN_ONLY
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Contender, Plan
from carousel.experiments.runner.planning import Planned

_UNASKED = ("stacking_file", "attention_file")  # of a file in a run of its own, where they are named


def announce(console: Console, planned: Planned, folder: RunFolder, parameters: int) -> None:
    """parameters: as asked for; the plan may have had to take more. Raises BadPlan where no claim that was named can be
    answered."""
    plan, unable = planned.plan, _unable(planned)
    _refuse(plan, unable)
    console.say("cli.question")
    if planned.prepared is not None:
        console.lines(card_lines(planned.prepared.card, console.lang))
    _announce_plan(console, plan)
    if plan.parameters != parameters:
        console.say("cli.raised", asked=f"{parameters:,}", taken=f"{plan.parameters:,}")
    _announce_unable(console, plan, unable)
    _announce_undecided(console, planned, unable)
    console.say("cli.folder", folder=folder.path)


def _announce_plan(console: Console, plan: Plan) -> None:
    console.say(
        "cli.plan",
        contenders=len(plan.specs),
        conditions=len(plan.conditions()),
        rates=len(plan.learning_rates),
        tuning=len(plan.tuning_seeds),
        reporting=plan.first_look,
        trials=plan.count_trials(),
        steps=plan.training.steps,
    )
    if plan.last_look > plan.first_look:
        console.say("cli.more_seeds", seeds=plan.last_look)
    for source in plan.sources:
        sizes = ", ".join(f"{c.spec} {_width(c)} ({c.parameters:,})" for c in plan.contenders[source.name])
        console.say("cli.sizes", source=source.name, sizes=sizes)


def _width(contender: Contender) -> str:
    """Hidden units; of a Transformer the width between its blocks and that of its MLP."""
    return f"H={contender.hidden}" if contender.mlp is None else f"D={contender.hidden} MLP={contender.mlp}"


def _unable(planned: Planned) -> dict[str, str]:
    """The claims asked for that no outcome could answer, each with why: a key under claims.untested."""
    plan, prepared = planned.plan, planned.prepared
    unable = {claim: why for claim in CLAIMS if plan.asks(claim) and (why := why_not(plan, claim))}
    if plan.asks("gates") and prepared is not None and DataTask(prepared).readout == "every":
        unable["gates"] = "gates_file"  # occlusion by lag needs one answer a sequence
    return unable


def _refuse(plan: Plan, unable: dict[str, str]) -> None:
    """Nothing is trained for claims alone that the plan cannot answer."""
    if plan.claims and set(unable) == set(plan.claims):
        reasons = " ".join(dict.fromkeys(_reason(why, "en") for why in unable.values())).removesuffix(".")
        fix = "leave --claims out to train and compare all the same"
        raise BadPlan(f"this run cannot answer --claims {','.join(unable)}: {reasons}", fix=fix)


def _announce_unable(console: Console, plan: Plan, unable: dict[str, str]) -> None:
    """A line each for what was named, or cannot be asked of this file; else one line for all."""
    unasked = [claim for claim, why in unable.items() if why in _UNASKED]
    tasks = [] if plan.claims or plan.sources[0].kind == "file" else list(unable)
    for claim, why in unable.items():
        if claim not in (*unasked, *tasks):
            console.say("cli.unable", claim=claim, why=_reason(why, console.lang))
    if unasked:
        console.say("cli.file_unasked", claims=", ".join(unasked), option=",".join(unasked))
    if tasks:
        console.say("cli.no_tasks", claims=", ".join(tasks))


def _announce_undecided(console: Console, planned: Planned, unable: dict[str, str]) -> None:
    """Which claims are shown and not judged, which so few seeds cannot decide, and whether that is all of them."""
    plan = planned.plan
    asked = {claim for claim in CLAIMS if plan.asks(claim)}
    shown = [c for c in SHOWN_ONLY if planned.splits is not None and c in asked and c not in unable]
    if shown:
        console.say("cli.file_shown", claims=", ".join(shown))
    few = too_few(plan)
    if few:
        listed = ", ".join(f"{claim} ({seeds})" for claim, seeds in few.items())
        console.say("cli.too_few", seeds=plan.last_look, claims=listed, most=BUDGETS["standard"].looks[-1])
    single = [claim for claim in alone(plan) if claim not in few]
    if single:
        console.say("cli.one_condition", claims=", ".join(single))
    if asked <= {*unable, *few, *shown, *single}:
        console.say("cli.no_verdict")


def _reason(why: str, lang: str) -> str:
    return text(f"claims.untested.{why}", lang, needed=THRESHOLDS.attention_rates)
