"""`carousel verdicts`: the verdicts of several runs side by side, and for how many claims they are the same."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.common.errors import FolderConflict
from carousel.common.names import CLAIMS
from carousel.common.texts import text
from carousel.experiments.claims.wording import effect_value, interval
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan

_SEEDS = {"tuning_seeds", "reporting_seeds", "flow_from"}  # in which a repeated run is meant to differ


def verdicts(paths: list[Path], as_json: bool, lang: str) -> None:
    """Print a line a claim. Raises FolderConflict for a folder without verdicts."""
    console = Console(lang, quiet=as_json)
    folders = [RunFolder(path) for path in paths]
    plans = [folder.load_plan() for folder in folders]
    runs = [_judged(folder) for folder in folders]
    same = {claim: len({run[claim]["verdict"] for run in runs}) == 1 for claim in CLAIMS}
    tested = [claim for claim in CLAIMS if any(run[claim]["verdict"] != "not-tested" for run in runs)]
    head = [text(f"cli.verdicts.{name}", lang) for name in ("claim", *(["same"] if len(runs) > 1 else []))]
    rows = [_cells(claim, same[claim], runs, lang) for claim in CLAIMS]
    console.table([*head, *(folder.path.resolve().name for folder in folders)], rows)
    if len(runs) > 1:
        console.say("cli.verdicts.agree", same=sum(same[claim] for claim in tested), claims=len(tested))
        _say_how_alike(console, plans)
    if as_json:
        found = [{"folder": str(f.path), "claims": list(run.values())} for f, run in zip(folders, runs, strict=True)]
        console.json({"same": same, "runs": found})


def _judged(folder: RunFolder) -> dict[str, dict[str, Any]]:
    """By claim: verdict, effect, n, and the look it is of."""
    try:
        whole = json.loads(folder.verdicts.read_text(encoding="utf-8"))
        judged = {c["id"]: {key: c[key] for key in ("id", "verdict", "effect", "n")} for c in whole["claims"]}
        return {claim: judged[claim] | {"look": whole["looks"][claim]} for claim in CLAIMS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = f"carousel report {folder.path}"
        raise FolderConflict(f"{str(folder.verdicts)!r} holds no verdicts of a finished run", fix=fix) from error


def _cells(claim: str, same: bool, runs: list[dict[str, dict[str, Any]]], lang: str) -> list[str]:
    mark = [text(f"cli.verdicts.{'yes' if same else 'no'}", lang)] if len(runs) > 1 else []
    return [text(f"claims.{claim}.title", lang), *mark, *(_cell(run[claim], lang) for run in runs)]


def _cell(judged: dict[str, Any], lang: str) -> str:
    """ "conditional +0.055 [0.049, 0.062]"; the word alone where nothing was measured."""
    word = text(f"claims.verdicts.{judged['verdict']}", lang)
    effect = judged["effect"]
    if effect["value"] is None:
        return word
    return f"{word}  {effect_value(effect['unit'], effect['value'])} {interval(Interval.read(effect['ci95']))}"


def _say_how_alike(console: Console, plans: list[Plan]) -> None:
    """Agreement means something between runs of one plan with other seeds; what is otherwise is said."""
    if any(set(one.reporting_seeds) & set(other.reporting_seeds) for one, other in combinations(plans, 2)):
        console.say("cli.verdicts.shared")
    written = [plan.model_dump(exclude=_SEEDS) for plan in plans]
    differ = [name for name in written[0] if any(plan[name] != written[0][name] for plan in written[1:])]
    if differ:
        console.say("cli.verdicts.differ", names=", ".join(differ))
