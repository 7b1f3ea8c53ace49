"""The two templates of the report, filled."""

from __future__ import annotations

from collections.abc import Mapping

from carousel.pages.templating import filled, script, style
from carousel.report.view import Page


def html(pages: Mapping[str, Page], lang: str) -> str:
    """report.html: all languages in one file, `lang` the one that shows first."""
    shared = {"style": style(), "script": script()}
    return filled("carousel.report", "report.html.j2", pages=pages, default=lang, **shared)


def markdown(pages: Mapping[str, Page]) -> str:
    """report.md: one language after the other."""
    return filled("carousel.report", "report.md.j2", pages=pages)
