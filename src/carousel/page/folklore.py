"""What people say of recurrent networks, sentence by sentence, with what a run measured: chapters 0 and 10."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from carousel.common.texts import LANGUAGES, catalogue, text
from carousel.experiments.decision.verdict import Effect
from carousel.experiments.decision.wording import number
from carousel.experiments.judgement import load_judgement
from carousel.experiments.reference import reference_folders
from carousel.experiments.report.first.verdict_lines import Line, lines
from carousel.experiments.runner.folder import RunFolder

_VERDICTS = "verdicts.json"
_RATIOS = {"slope_difference"}  # logarithms, which a reader takes as a factor


def reference_findings() -> list[dict[str, Any]]:
    """Of the newest run that the package keeps."""
    return _findings(reference_folders()[-1])


def run_findings(run: Path) -> list[dict[str, Any]] | None:
    """Of a run folder; None where it was not judged yet. Raises FolderConflict for verdicts of another version."""
    return _findings(run) if (run / _VERDICTS).is_file() else None


def _findings(path: Path) -> list[dict[str, Any]]:
    """A claim each: its id and verdict, and by language the sentence, the verdict's word, why, and one number."""
    folder = RunFolder(path)
    plan, judgement = folder.load_plan(), load_judgement(folder)
    told = {lang: lines(plan, judgement, {}, lang) for lang in LANGUAGES}
    return [
        {"claim": verdict.claim, "verdict": verdict.verdict, "n": verdict.n}
        | {lang: _words(told[lang][k], verdict.effect, lang) for lang in LANGUAGES}
        for k, verdict in enumerate(judgement.verdicts)
    ]


def _words(line: Line, effect: Effect, lang: str) -> dict[str, str | None]:
    word = f"{line.mark} {line.word}"
    return {"statement": line.statement, "word": word, "says": line.says, "number": _number(line.claim, effect, lang)}


def _number(claim: str, effect: Effect, lang: str) -> str | None:
    """The one number, in a sentence; None where nothing was measured."""
    if effect.value is None:
        return None
    key = f"folklore.measured.{effect.name}"
    values = {name: _shown(effect, value) for name, value in (("value", effect.value), *_ends(effect))}
    return text(key if key in catalogue(lang) else "folklore.measured.other", lang, **values,
                name=text(f"claims.{claim}.title", lang), unit=text(f"claims.units.{effect.unit}", lang))  # fmt: skip


def _ends(effect: Effect) -> tuple[tuple[str, float | None], ...]:
    return ("low", effect.ci95.low), ("high", effect.ci95.high)


def _shown(effect: Effect, value: float | None) -> str:
    return number(math.exp(value) if value is not None and effect.name in _RATIOS else value)
