"""From a run folder to its judgement and report; and the few lines of it that are printed. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.cli.table import print_table
from carousel.common.files import writing_to
from carousel.experiments.claims import all_claims, judge, sequentially
from carousel.experiments.report import build
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.export import export_best
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Group


@dataclass(frozen=True)
class Conclusion:
    """A judged run: its evidence, its verdicts and the report."""

    evidence: Evidence
    verdicts: dict[str, Any]
    report: Path


def conclude(path: Path, lang: str) -> Conclusion:
    """Judge a run folder and write verdicts.json, best/ and the report."""
    folder = RunFolder(path)
    evidence = load_evidence(path)
    verdicts = judge(evidence)
    folder.write_json(folder.verdicts, verdicts)
    export_best(evidence, verdicts["recommended"])
    with writing_to(path):
        build(evidence, verdicts, lang)
    return Conclusion(evidence, verdicts, path / "report.html")


def more_seeds(path: Path) -> Mapping[Group, int]:
    """Which groups of a run folder get more reporting seeds than all begin with, and how many."""
    return sequentially(all_claims(), load_evidence(path)).reach


def print_conclusion(conclusion: Conclusion, *, as_json: bool, lang: str) -> None:
    """Verdicts, one a line, the advice, and where the report lies; or verdicts.json."""
    console = Console(lang, quiet=as_json)
    if as_json:
        console.json(conclusion.verdicts | {"folder": str(conclusion.evidence.folder)})
    print_table(console, conclusion.evidence)
    for claim in conclusion.verdicts["claims"]:
        console.verdict(claim)
    console.lines([conclusion.verdicts["advice"][lang]])
    console.say("cli.report", path=conclusion.report)
