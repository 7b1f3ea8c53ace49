"""`carousel doctor`: the user's model examined; findings printed, the page written."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.cli.user_code import Case, load, split
from carousel.cli.user_errors import user_errors
from carousel.common.pages.own_page import check_free
from carousel.common.terminal import is_terminal, overwrite_line
from carousel.common.texts import LANGUAGES, text
from carousel.introspect.diagnosis import Diagnosis, Finding, diagnose
from carousel.introspect.diagnosis.page.page import COMMAND, write
from carousel.introspect.diagnosis.symptoms import SYMPTOMS

_PARTS = ("title", "evidence", "cause", "advice", "limits")


def doctor(target: str, out: Path, show_traceback: bool, as_json: bool, lang: str) -> None:
    """Examine what the function of the user's file returns; print the findings, worst first, and write the page."""
    console = Console(lang, quiet=as_json)
    file, function = split(target)
    check_free(out, COMMAND)
    with redirect_stdout(console.stream):  # what the user's code prints must not stand among the JSON
        case = load(file, function, show=show_traceback)
        with user_errors("loss_fn(model, batch)", file, show=show_traceback):
            diagnosis = _watched(case, lang)
    console.lines([diagnosis.report(lang)])  # to be read while the figures are drawn
    page = write(diagnosis, out, lang)
    console.say("doctor.cli.written", path=page)
    if as_json:
        console.json(_as_json(diagnosis, page))


def _watched(case: Case, lang: str) -> Diagnosis:
    """The diagnosis; meanwhile a terminal shows what is being looked for, and nothing of it stays."""
    numbers, stream = count(1), sys.stderr

    def show(symptom: str) -> None:
        what = text(f"doctor.{symptom.replace('-', '_')}.title", lang)
        overwrite_line(text("doctor.cli.looking", lang, n=next(numbers), all=len(SYMPTOMS), what=what), stream)

    if not is_terminal(stream):
        return diagnose(case.model, case.batch, case.loss_fn, **case.options)
    try:
        return diagnose(case.model, case.batch, case.loss_fn, looking=show, **case.options)
    finally:
        overwrite_line("", stream)


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
    follows = [_finding(each) for each in finding.follows]
    return {**about, "values": dict(finding.values), **texts, "follows": follows}
