"""`carousel verdicts`: the verdicts of several runs side by side, and for how many claims they are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.common.texts import text
from carousel.experiments.claims import ids
from carousel.experiments.conclusion import cell
from carousel.experiments.decision.verdict import Verdict
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.judgement import load_judgement
from carousel.experiments.reference import reference_folders
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan

_SEEDS = {"tuning_seeds", "reporting_seeds", "untrained_seeds"}  # in which a repeated run is meant to differ


def verdicts(paths: list[Path], as_json: bool, lang: str) -> None:
    """Print a line a claim. Raises FolderConflict for a folder without verdicts."""
    console = Console(lang, quiet=as_json)
    folders = [RunFolder(path) for named in paths for path in _meant(named)]
    plans = [folder.load_plan() for folder in folders]
    judgements = [load_judgement(folder) for folder in folders]
    runs = [{verdict.claim: verdict for verdict in judgement.verdicts} for judgement in judgements]
    same = {claim: len({run[claim].verdict for run in runs}) == 1 for claim in ids()}
    tested = [claim for claim in ids() if any(run[claim].verdict != "not-tested" for run in runs)]
    head = [text(f"cli.verdicts.{name}", lang) for name in ("claim", *(["same"] if len(runs) > 1 else []))]
    rows = [_cells(claim, same[claim], runs, lang) for claim in ids()]
    head += [folder.path.resolve().name for folder in folders]
    console.table(head, rows, left=len(head))
    if len(runs) > 1:
        console.say("cli.verdicts.agree", same=sum(same[claim] for claim in tested), claims=len(tested))
        _print_how_alike(console, plans)
    if as_json:
        console.json({"same": same, "runs": [*map(_as_json, folders, judgements)]})


def _meant(named: Path) -> tuple[Path, ...]:
    """The folder; for the word `reference`, where no folder has that name, the runs that the package keeps."""
    return reference_folders() if named == Path("reference") and not named.exists() else (named,)


def _cells(claim: str, same: bool, runs: Sequence[Mapping[str, Verdict]], lang: str) -> list[str]:
    mark = [text(f"cli.verdicts.{'yes' if same else 'no'}", lang)] if len(runs) > 1 else []
    return [text(f"claims.{claim}.title", lang), *mark, *(_marked(run[claim], lang) for run in runs)]


def _marked(verdict: Verdict, lang: str) -> str:
    """ "✓ supported  +0.055 [0.049, 0.062]"."""
    return f"{text(f'first.mark.{verdict.verdict}', lang)} {cell(verdict, lang)}"


def _as_json(folder: RunFolder, judgement: Judgement) -> dict[str, Any]:
    """By claim: verdict, effect, n, and the interim analysis it is of."""
    claims = [
        {"id": v.claim, "verdict": v.verdict, "effect": v.effect.as_json(), "n": v.n}
        | {"interim_analysis": judgement.taken[v.claim]._asdict()}
        for v in judgement.verdicts
    ]
    return {"folder": str(folder.path), "claims": claims}


def _print_how_alike(console: Console, plans: list[Plan]) -> None:
    """Agreement means something between runs of one plan with other seeds; what is otherwise is said."""
    if any(set(one.reporting_seeds) & set(other.reporting_seeds) for one, other in combinations(plans, 2)):
        console.say("cli.verdicts.shared")
    written = [plan.model_dump(exclude=_SEEDS) for plan in plans]
    differ = [name for name in written[0] if any(plan[name] != written[0][name] for plan in written[1:])]
    if differ:
        console.say("cli.verdicts.differ", names=", ".join(differ))
