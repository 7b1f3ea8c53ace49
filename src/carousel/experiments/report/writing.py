"""Build the report of a run: page, Markdown, figures and tables, into the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from carousel.common.errors import UnknownName
from carousel.common.files import writing_to
from carousel.common.pages.templating import filled, script, style
from carousel.common.texts import LANGUAGES
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.report.figures import Drawing, all_figures, drawing
from carousel.experiments.report.first import GAP, answered_by
from carousel.experiments.report.page.assemble import Material, page
from carousel.experiments.report.page.view import Page
from carousel.experiments.report.tables import lag_profiles
from carousel.experiments.report.tables.answers import frames as answer_frames
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.report.tables.export import csv, frames
from carousel.experiments.results.answered import answers_of
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.folder import RunFolder

_TEMPLATES = "carousel.experiments.report.page"


def build(evidence: Evidence, judgement: Judgement, lang: str = "en") -> list[Path]:
    """Write report.html, report.md, figures/NAME.LANG.svg and tables/NAME.csv into `evidence.folder`; their paths.

    lang: the language the page opens in; it holds all. The same evidence gives
    the same bytes. Raises UnknownName for another language, FolderConflict where the folder cannot be written.
    """
    if lang not in LANGUAGES:
        raise UnknownName("language", lang, LANGUAGES)
    contents, folder = _contents(evidence, judgement, lang), RunFolder(evidence.folder)
    with writing_to(evidence.folder):
        for name, content in contents.items():
            folder.write(folder.path / name, content.encode())
    return [evidence.folder / name for name in contents]


def _contents(evidence: Evidence, judgement: Judgement, lang: str) -> dict[str, str]:
    """Every file of the report: relative path -> content."""
    summary, slopes = summarise(evidence), lag_profiles.slopes(evidence.slopes)
    figures = all_figures(evidence, summary, slopes)
    drawings = {f.name: drawing(f) for f in figures if f.measured}
    answers = answers_of(evidence, answered_by(judgement))
    material = Material(evidence, judgement, summary, figures, drawings, answers)
    pages = {language: page(material, language) for language in LANGUAGES}
    shown = {f.name: f.frame for f in figures if f.measured} | answer_frames(answers)
    tables = frames(evidence, judgement, summary, slopes, shown)
    return {
        "report.html": _html(pages, drawings, lang),
        "report.md": filled(_TEMPLATES, "report.md.j2", pages=pages, gap=GAP),
        **{
            f"figures/{name}.{lang}.svg": drawn for name, each in drawings.items() for lang, drawn in each.files.items()
        },
        **{f"tables/{name}.csv": csv(frame) for name, frame in tables.items()},
    }


def _html(pages: Mapping[str, Page], drawings: Mapping[str, Drawing], lang: str) -> str:
    """All languages in one file, `lang` the one that shows first."""
    shared = "".join(each.shared for each in drawings.values())
    return filled(_TEMPLATES, "report.html.j2", pages=pages, shared=shared, default=lang, style=style(),
                  script=script(), gap=GAP)  # fmt: skip
