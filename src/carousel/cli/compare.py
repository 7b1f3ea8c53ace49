"""`carousel compare`: plan, card, trials, judgement, report."""

from __future__ import annotations

import os
import re
from pathlib import Path

from carousel.claims.enough import too_few
from carousel.cli.conclude import conclude, more_seeds, print_conclusion
from carousel.cli.console import Console, duration
from carousel.cli.progress import Watch
from carousel.data import card_lines
from carousel.errors import BadPlan
from carousel.files import writing_to
from carousel.names import CLAIMS
from carousel.study.budgets import BUDGETS
from carousel.study.design import Design, Wish, design, replan
from carousel.study.environment import describe_environment
from carousel.study.estimate import estimate
from carousel.study.file_suite import SHOWN_ONLY, unasked
from carousel.study.folder import RunFolder
from carousel.study.plan import Contender, Plan
from carousel.study.run import expected_jobs, run_plan
from carousel.study.sources import Sources
from carousel.study.stored import store_splits
from carousel.texts import text


def compare(
    wish: Wish | Path, *, out: Path | None, workers: int | None, dry_run: bool, as_json: bool, lang: str
) -> None:
    """Run a comparison (a wish, or the plan.toml of an earlier run) to its end, or continue it; print where its
    report lies."""
    console = Console(lang, quiet=as_json)
    workers = _checked_workers(workers)
    designed = replan(wish) if isinstance(wish, Path) else design(wish)
    plan = designed.plan
    folder = RunFolder(out or Path("runs") / _name(plan))
    asked_for = plan.parameters if isinstance(wish, Path) else wish.parameters
    _announce(console, designed, folder, asked_for)
    if dry_run:
        return _estimate(console, designed, workers, as_json)
    with folder.locked():
        folder.claim_for(plan)
        if designed.splits is not None:
            store_splits(folder, designed.splits)
        sources = Sources(folder)
        folder.write_json(folder.environment, describe_environment(plan, sources, workers))
        with Watch(console, plan) as watch, writing_to(folder.path):
            run_plan(plan, folder, workers, watch.see, lambda: more_seeds(folder.path))
        print_conclusion(conclude(folder.path, lang), as_json=as_json, lang=lang)
    return None


def _checked_workers(workers: int | None) -> int:
    if workers is None:
        return os.cpu_count() or 1
    if not 1 <= workers <= 1024:
        raise BadPlan("--workers is out of range", allowed="1 to 1024", got=workers)
    return workers


def _name(plan: Plan) -> str:
    """The same command finds the same folder: the sources, the budget and the plan's digest."""
    sources = re.sub(r"[^\w.-]+", "_", "+".join(source.name for source in plan.sources))
    return f"{sources[:60]}-{plan.budget}-{plan.digest()[:8]}"


def _announce(console: Console, designed: Design, folder: RunFolder, parameters: int) -> None:
    """parameters: as asked for; the plan may have had to take more."""
    plan = designed.plan
    console.say("cli.question")
    if designed.prepared is not None:
        console.lines(card_lines(designed.prepared.card, console.lang))
    console.say(
        "cli.plan",
        contenders=len(plan.specs),
        conditions=len(plan.conditions()),
        rates=len(plan.learning_rates),
        tuning=len(plan.tuning_seeds),
        reporting=plan.first_look,
        more=_more(plan, console.lang),
        trials=plan.count_trials(),
        steps=plan.training.steps,
        parameters=plan.parameters,
    )
    for source in plan.sources:
        sizes = ", ".join(f"{c.spec} {_width(c)} ({c.parameters:,})" for c in plan.contenders[source.name])
        console.say("cli.sizes", source=source.name, sizes=sizes)
    if plan.parameters != parameters:
        console.say("cli.raised", asked=f"{parameters:,}", taken=f"{plan.parameters:,}")
    if designed.splits is not None:
        _announce_claims(console, plan)
    missing = [claim for claim in CLAIMS if plan.asks(claim) and not plan.only_for(claim).sources]
    if missing:
        console.say("cli.no_tasks", claims=", ".join(missing))
    _warn_of_few_seeds(console, plan)
    console.say("cli.folder", folder=folder.path)


def _warn_of_few_seeds(console: Console, plan: Plan) -> None:
    """Before anything is trained: which claims so few seeds cannot decide, whatever they show."""
    few = too_few(plan)
    if few:
        listed = ", ".join(f"{claim} ({seeds})" for claim, seeds in few.items())
        console.say("cli.too_few", seeds=plan.last_look, claims=listed, most=BUDGETS["standard"].looks[-1])
        if set(few) >= {claim for claim in CLAIMS if plan.asks(claim) and plan.only_for(claim).sources}:
            console.say("cli.no_verdict")


def _more(plan: Plan, lang: str) -> str:
    """To how many seeds a run may grow, where it may."""
    return text("cli.more_seeds", lang, seeds=plan.last_look) if plan.last_look > plan.first_look else ""


def _announce_claims(console: Console, plan: Plan) -> None:
    """Which of the seven are shown and not judged on a file, and which the run has no networks for."""
    missing = unasked(plan)
    shown = [claim for claim in SHOWN_ONLY if plan.asks(claim) and claim not in missing]
    if shown:
        console.say("cli.file_shown", claims=", ".join(shown))
    if missing:
        console.say("cli.file_unasked", claims=", ".join(missing), option=",".join(missing))


def _width(contender: Contender) -> str:
    """Hidden units; of a Transformer the width between its blocks and that of its MLP."""
    return f"H={contender.hidden}" if contender.mlp is None else f"D={contender.hidden} MLP={contender.mlp}"


def _estimate(console: Console, designed: Design, workers: int, as_json: bool) -> None:
    sources = Sources.of(designed.prepared)
    found = estimate(designed.plan, sources, workers)
    if as_json:
        plan = designed.plan.model_dump(mode="json", exclude_none=True)
        console.json({"plan": plan, "jobs": expected_jobs(designed.plan), **found._asdict()})
    console.say("cli.estimate", duration=duration(found.longest_seconds), workers=workers)
