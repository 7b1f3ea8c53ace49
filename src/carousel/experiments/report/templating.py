"""The two templates of the report, filled."""

from __future__ import annotations

from collections.abc import Mapping

from carousel.common.pages.templating import filled, script, style
from carousel.experiments.report.view import Page


def html(pages: Mapping[str, Page], lang: str) -> str:
    """report.html: all languages in one file, `lang` the one that shows first."""
    shared = {"style": style(), "script": script()}
    return filled("carousel.experiments.report", "report.html.j2", pages=pages, default=lang, **shared)


def markdown(pages: Mapping[str, Page]) -> str:
    """report.md: one language after the other."""
    return filled("carousel.experiments.report", "report.md.j2", pages=pages)
