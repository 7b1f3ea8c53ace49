"""The page of a diagnosis: one file, both languages, opens offline; and a fragment of it for notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from carousel.common.errors import CarouselError, UnknownName
from carousel.common.pages.drawn_once import drawn_once
from carousel.common.pages.own_page import check_free, mark, write_own
from carousel.common.pages.templating import filled, script, style
from carousel.common.texts import LANGUAGES, text
from carousel.introspect.diagnosis.finding import Examination, Finding
from carousel.introspect.diagnosis.observe.one_thread import one_thread
from carousel.introspect.diagnosis.page.figures import Picture, Pictures, intact, pictures
from carousel.introspect.diagnosis.page.view import Card, Drawing, PageView, SiteView, card, page_view, summary

COMMAND = "doctor"
_SITES = 2  # at most so many layers are shown
_SIZE = 2_500_000  # characters of all figures, in all languages


def write(diagnosis: Examination, path: Path, lang: str = "en") -> Path:
    """Write the page. lang: the language it opens in; it holds all. Raises UnknownName for another language,
    FolderConflict where there is a file of another origin or where it cannot be written."""
    if lang not in LANGUAGES:
        raise UnknownName("language", lang, LANGUAGES)
    check_free(path, COMMAND)
    with one_thread():  # of 12 s for two layers of 96 units, 9 went into sharing small products among cores
        views = {view.lang: view for view in _views(diagnosis)}
    shared = {"style": style(), "script": script(), "mark": mark(COMMAND)}
    page = filled("carousel.introspect.diagnosis.page", "doctor.html.j2", pages=views, default=lang, **shared)
    write_own(path, page)
    return path


def fragment(diagnosis: Examination) -> str:
    """The findings as a piece of HTML, in English, without scripts and figures: what a notebook shows."""
    return filled(
        "carousel.introspect.diagnosis.page",
        "fragment.html.j2",
        lang="en",
        facts=diagnosis.facts,
        summary=summary(diagnosis, "en"),
        cards=[card(number, finding, "en") for number, finding in enumerate(diagnosis, 1)],
        not_assessed=diagnosis.not_assessed,
    )


def _views(diagnosis: Examination) -> Iterator[PageView]:
    numbered = [_cards(n, finding, diagnosis) for n, finding in enumerate(diagnosis, 1)]
    drawable = {name: found for name in _ordered(diagnosis) if (found := pictures(diagnosis.tape, name)).drawn}
    room = _SIZE - sum(len(c.svg) for of_finding in numbered for c in of_finding.values())
    sites: list[dict[str, SiteView]] = []
    for number, (name, found) in enumerate(list(drawable.items())[:_SITES], 1):
        drawn = _sites(diagnosis, name, number, found)
        room -= sum(len(drawing.svg) for site in drawn.values() for drawing in site.drawings)
        if room < 0 and number > 1:
            break
        sites.append(drawn)
    for lang in LANGUAGES:
        cards = [of_finding[lang] for of_finding in numbered]
        yield page_view(diagnosis, cards, [site[lang] for site in sites], len(drawable), lang)


def _cards(number: int, finding: Finding, diagnosis: Examination) -> dict[str, Card]:
    """A finding in each language, with its figure; without where the weights have changed since, which it may need."""
    if finding.figure is None:
        return {lang: card(number, finding, lang) for lang in LANGUAGES}
    try:
        drawn = drawn_once(finding.figure, f"finding-{number}", LANGUAGES)
    except CarouselError:
        if intact(diagnosis.tape):
            raise
        return {lang: card(number, finding, lang, undrawn=True) for lang in LANGUAGES}
    return {lang: card(number, finding, lang, drawn[lang]) for lang in LANGUAGES}


def _ordered(diagnosis: Examination) -> list[str]:
    """The sites of the tape, those of findings first."""
    named = [finding.site for finding in diagnosis if finding.site]
    affected = [name for site in named for name in diagnosis.tape if name == site or name.startswith(f"{site}.")]
    return list(dict.fromkeys([*affected, *diagnosis.tape]))


def _sites(diagnosis: Examination, name: str, number: int, found: Pictures) -> dict[str, SiteView]:
    """A recorded layer in each language."""
    drawn = [(p, drawn_once(p.draw, f"site-{number}-{p.name}", LANGUAGES)) for p in found.drawn]
    return {lang: _site(diagnosis, name, found, drawn, lang) for lang in LANGUAGES}


def _site(
    diagnosis: Examination, name: str, found: Pictures, drawn: Sequence[tuple[Picture, dict[str, str]]], lang: str
) -> SiteView:
    drawings = tuple(
        Drawing(
            label=text(f"doctor.page.picture.{picture.name}", lang, site=name),
            svg=svg[lang],
            note=text(f"doctor.page.note.{picture.note}", lang) if picture.note else "",
        )
        for picture, svg in drawn
    )
    notes = tuple(text(f"doctor.page.note.{note}", lang) for note in found.notes)
    return SiteView(name, diagnosis.tape[name].what, drawings, notes)
