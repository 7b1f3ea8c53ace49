"""`carousel doctor`: the user's model examined; findings printed, the page written."""

from __future__ import annotations

from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.cli.user_code import load, split
from carousel.cli.user_errors import user_errors
from carousel.common.texts import LANGUAGES
from carousel.introspect.diagnosis import Diagnosis, Finding, diagnose
from carousel.introspect.diagnosis.page.page import check_free, write

_PARTS = ("title", "evidence", "cause", "advice", "limits")


def doctor(target: str, out: Path, show_traceback: bool, as_json: bool, lang: str) -> None:
    """Examine what the function of the user's file returns; print the findings, worst first, and write the page."""
    console = Console(lang, quiet=as_json)
    file, function = split(target)
    check_free(out)
    with redirect_stdout(console.stream):  # what the user's code prints must not stand among the JSON
        case = load(file, function, show=show_traceback)
        with user_errors("loss_fn(model, batch)", file, show=show_traceback):
            diagnosis = diagnose(case.model, case.batch, case.loss_fn, **case.options)
    console.lines([diagnosis.report(lang)])  # to be read while the figures are drawn
    page = write(diagnosis, out, lang)
    console.say("doctor.cli.written", path=page)
    if as_json:
        console.json(_as_json(diagnosis, page))


def _as_json(diagnosis: Diagnosis, page: Path) -> dict[str, Any]:
    return {
        "schema": 1,
        "facts": diagnosis.facts,
        "looked_for": diagnosis.looked_for,
        "findings": [_finding(finding) for finding in diagnosis],
        "not_assessed": [
            {"symptom": each.symptom, "reason": {lang: each.text(lang) for lang in LANGUAGES}}
            for each in diagnosis.not_assessed
        ],
        "page": str(page),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    texts = {part: {lang: finding.text(part, lang) for lang in LANGUAGES} for part in _PARTS}
    about = {name: getattr(finding, name) for name in ("symptom", "severity", "confidence", "site", "fix")}
    return {**about, "values": dict(finding.values), **texts}
