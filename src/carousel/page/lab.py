"""The lab page filled: the file that web/ was built into, with the texts of the catalogue and our mark."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from carousel.common.pages.own_page import mark
from carousel.common.texts import LANGUAGES, catalogue, checked_language
from carousel.page.folklore import reference_findings, run_findings

COMMAND = "lab"
_EMPTY = '<script type="application/json" id="given">null</script>'
_HEAD = '<meta charset="utf-8" />'


def lab_page(lang: str | None = None, run: Path | None = None, network: dict[str, Any] | None = None) -> str:
    """The whole page as one HTML file that asks nothing of a network. lang: the language it opens in; None: that of the
    browser. run: a run folder whose best network and verdicts are shown too. network: one to be shown instead, as
    `own_model` gives it. Raises UnknownName for another language, and what `trained` and `run_findings` raise."""
    given = {
        "lang": lang and checked_language(lang),
        "texts": {each: _texts(each) for each in LANGUAGES},
        "network": network or (run and _network(run)),
        "findings": {"reference": reference_findings(), "run": run and run_findings(run)},
    }
    # "<" is written so that no text can end the element.
    filled = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
    page = built().replace(_EMPTY, _EMPTY.replace("null", filled))
    return page.replace(_HEAD, f"{_HEAD}\n    {mark(COMMAND)}", 1)


def built() -> str:
    """The page as built, empty."""
    return resources.files("carousel.page").joinpath("lab.html").read_text(encoding="utf-8")


def _network(run: Path) -> dict[str, Any]:
    from carousel.page.trained import trained  # with torch, which the lesson alone does not need

    return trained(run)


def _texts(lang: str) -> dict[str, str]:
    return {key: value for key, value in catalogue(lang).items() if key.startswith("lab.")}
