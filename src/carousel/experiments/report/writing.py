"""Build the report of a run: page, Markdown, figures and tables, into the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carousel.common.errors import UnknownName
from carousel.common.files import write_text, writing_to
from carousel.common.pages.render import svg
from carousel.common.texts import LANGUAGES
from carousel.experiments.report import lags, templating
from carousel.experiments.report.assemble import Material, page
from carousel.experiments.report.contenders import summarise
from carousel.experiments.report.figures import all_figures
from carousel.experiments.report.tables import frames
from carousel.experiments.results.evidence import Evidence


def build(evidence: Evidence, verdicts: Mapping[str, Any], lang: str = "en") -> list[Path]:
    """Write report.html, report.md, figures/NAME.LANG.svg and tables/NAME.csv into `evidence.folder`; their paths.

    verdicts: the value of verdicts.json. lang: the language the page opens in; it holds all. The same evidence gives
    the same bytes. Raises UnknownName for another language, FolderConflict where the folder cannot be written.
    """
    if lang not in LANGUAGES:
        raise UnknownName("language", lang, LANGUAGES)
    contents = _contents(evidence, verdicts, lang)
    with writing_to(evidence.folder):
        for name, content in contents.items():
            write_text(evidence.folder / name, content)
    return [evidence.folder / name for name in contents]


def _contents(evidence: Evidence, verdicts: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Every file of the report: relative path -> content."""
    summary, slopes = summarise(evidence), lags.slopes(evidence.slopes)
    figures = all_figures(evidence, summary, slopes)
    drawings = {
        (f.name, language): svg(f.draw(language), f"{f.name}-{language}")
        for f in figures
        if f.measured
        for language in LANGUAGES
    }
    material = Material(evidence, verdicts, summary, figures, drawings)
    pages = {language: page(material, language) for language in LANGUAGES}
    tables = frames(evidence, verdicts, summary, slopes, figures)
    return {
        "report.html": templating.html(pages, lang),
        "report.md": templating.markdown(pages),
        **{f"figures/{name}.{language}.svg": drawn for (name, language), drawn in drawings.items()},
        **{f"tables/{name}.csv": frame.write_csv() for name, frame in tables.items()},
    }
