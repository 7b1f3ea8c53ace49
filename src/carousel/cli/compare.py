"""`carousel compare`: what was typed, run and printed; or, with --dry-run, planned and timed."""

from __future__ import annotations

from pathlib import Path

from carousel.cli.conclusion import print_conclusion
from carousel.cli.console import Console
from carousel.common.texts import text
from carousel.experiments.compare import checked_workers, default_folder, run_comparison
from carousel.experiments.data import drawn_lines, sample_lines
from carousel.experiments.preflight import Preflight, preflight
from carousel.experiments.progress import duration
from carousel.experiments.runner.engines import On, check_engine
from carousel.experiments.runner.estimate import estimate
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.runner.run import expected_jobs
from carousel.experiments.runner.task_loader import Sources


def compare(
    request: ComparisonRequest,
    plan: Path | None,
    out: Path | None,
    workers: int | None,
    on: On,
    *,
    dry_run: bool,
    as_json: bool,
    lang: str,
) -> None:
    """Run the comparison to its end, or continue it, and print what it came to. plan: in place of the request."""
    console = Console(lang, quiet=as_json)
    checked_workers(workers)
    check_engine(on)
    known = preflight(request, plan)
    if dry_run:
        console.lines([*known.lines(lang), text("cli.folder", lang, folder=out or default_folder(known.plan))])
        if known.planned.splits is not None:
            console.lines([*sample_lines(known.planned.splits.tuning, lang), *drawn_lines(known.planned.splits, lang)])
        _print_estimate(console, known, checked_workers(workers), as_json)
    else:
        conclusion = run_comparison(known, out, workers, lang, console.stream, on)
        print_conclusion(console, conclusion, as_json=as_json)


def _print_estimate(console: Console, known: Preflight, workers: int, as_json: bool) -> None:
    plan = known.plan
    found = estimate(plan, Sources.of(known.planned.prepared), workers)
    if as_json:
        written = plan.model_dump(mode="json", exclude_none=True)
        console.json({"plan": written, "jobs": expected_jobs(plan), **found._asdict()})
    console.say("cli.estimate", duration=duration(found.longest_seconds), workers=workers)
    if known.planned.splits is not None:
        console.say("cli.memory", peak=round(found.peak_bytes / 1e6))
    if found.grown_seconds > found.longest_seconds:
        grown = {"seeds": plan.last_analysis, "rates": plan.most_rates}
        console.say("cli.estimate_grown", duration=duration(found.grown_seconds), **grown)
