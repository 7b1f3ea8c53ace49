"""`carousel compare`: plan, card, trials, judgement, report."""

from __future__ import annotations

import os
import re
from pathlib import Path

from carousel.cli.announce import announce
from carousel.cli.conclude import conclude, more_seeds, print_conclusion
from carousel.cli.console import Console, duration
from carousel.cli.progress import Watch
from carousel.common.errors import BadPlan
from carousel.common.files import writing_to
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.estimate import estimate
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.planning import ComparisonRequest, Planned, make_plan, replan
from carousel.experiments.runner.run import expected_jobs, run_plan
from carousel.experiments.runner.split_store import store_splits
from carousel.experiments.runner.task_loader import Sources


def compare(
    request: ComparisonRequest | Path, *, out: Path | None, workers: int | None, dry_run: bool, as_json: bool, lang: str
) -> None:
    """Run a comparison (a wish, or the plan.toml of an earlier run) to its end, or continue it; print where its
    report lies."""
    console = Console(lang, quiet=as_json)
    workers = _checked_workers(workers)
    planned = replan(request) if isinstance(request, Path) else make_plan(request)
    plan = planned.plan
    folder = RunFolder(out or Path("runs") / _name(plan))
    asked_for = plan.parameters if isinstance(request, Path) else request.parameters
    announce(console, planned, folder, asked_for)
    if dry_run:
        return _estimate(console, planned, workers, as_json)
    with folder.locked():
        folder.claim_for(plan)
        if planned.splits is not None:
            store_splits(folder, planned.splits)
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


def _estimate(console: Console, planned: Planned, workers: int, as_json: bool) -> None:
    plan, sources = planned.plan, Sources.of(planned.prepared)
    found = estimate(plan, sources, workers)
    if as_json:
        written = plan.model_dump(mode="json", exclude_none=True)
        console.json({"plan": written, "jobs": expected_jobs(plan), **found._asdict()})
    console.say("cli.estimate", duration=duration(found.longest_seconds), workers=workers)
    if plan.last_look > plan.first_look:
        console.say("cli.estimate_grown", duration=duration(found.grown_seconds), seeds=plan.last_look)
