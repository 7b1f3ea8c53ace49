"""The page of a diagnosis: one file, both languages, opens offline; and a fragment of it for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carousel.common.errors import CarouselError, FolderConflict, UnknownName
from carousel.common.files import write_text
from carousel.common.pages.render import svg
from carousel.common.pages.svg_compact import compact
from carousel.common.pages.templating import filled, script, style
from carousel.common.texts import LANGUAGES, text
from carousel.introspect.diagnosis.finding import Examination, Finding
from carousel.introspect.diagnosis.page.figures import Pictures, intact, pictures
from carousel.introspect.diagnosis.page.view import Card, Drawing, PageView, SiteView, card, page_view, summary

MARK = '<meta name="generator" content="carousel doctor">'
_LOOKED_AT = 1_000  # bytes of a file, in which our mark is
_SITES = 4  # at most so many layers are shown
_SIZE = 2_500_000  # characters of all figures, in all languages


def write(diagnosis: Examination, path: Path, lang: str = "en") -> Path:
    """Write the page. lang: the language it opens in; it holds all. Raises UnknownName for another language,
    FolderConflict where there is a file of another origin or where it cannot be written."""
    if lang not in LANGUAGES:
        raise UnknownName("language", lang, LANGUAGES)
    check_free(path)
    views = {view.lang: view for view in _views(diagnosis)}
    shared = {"style": style(), "script": script(), "mark": MARK}
    page = filled("carousel.introspect.diagnosis.page", "doctor.html.j2", pages=views, default=lang, **shared)
    with _one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)
    return path


def check_free(path: Path) -> None:
    """Raises FolderConflict where a file at `path` is no page of ours."""
    with _one_line(path):
        if not path.exists():
            return
        with path.open("rb") as stream:
            ours = MARK.encode() in stream.read(_LOOKED_AT)
    if not ours:
        raise FolderConflict(f"{str(path)!r} was not written by carousel doctor, and is not overwritten",
                             fix="name another file")  # fmt: skip


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """The system's refusal in one line."""
    try:
        yield
    except OSError as error:
        raise FolderConflict(f"cannot write {str(path)!r}", got=error.strerror or str(error),
                             fix="name another file") from error  # fmt: skip


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
    cards = {lang: [_card(n, finding, diagnosis, lang) for n, finding in enumerate(diagnosis, 1)] for lang in LANGUAGES}
    drawable = {name: found for name in _ordered(diagnosis) if (found := pictures(diagnosis.tape, name)).drawn}
    room = _SIZE - sum(len(c.svg) for of_language in cards.values() for c in of_language)
    sites: dict[str, list[SiteView]] = {lang: [] for lang in LANGUAGES}
    for number, (name, found) in enumerate(list(drawable.items())[:_SITES], 1):
        drawn = {lang: _site(diagnosis, name, number, found, lang) for lang in LANGUAGES}
        room -= sum(len(drawing.svg) for site in drawn.values() for drawing in site.drawings)
        if room < 0 and number > 1:
            break
        for lang, site in drawn.items():
            sites[lang].append(site)
    for lang in LANGUAGES:
        yield page_view(diagnosis, cards[lang], sites[lang], len(drawable), lang)


def _card(number: int, finding: Finding, diagnosis: Examination, lang: str) -> Card:
    """With its figure; without where the weights have changed since, which it may need."""
    if finding.figure is None:
        return card(number, finding, lang)
    try:
        chart = finding.figure(lang)
    except CarouselError:
        if intact(diagnosis.tape):
            raise
        return card(number, finding, lang, undrawn=True)
    return card(number, finding, lang, compact(svg(chart, f"finding-{number}-{lang}")))


def _ordered(diagnosis: Examination) -> list[str]:
    """The sites of the tape, those of findings first."""
    named = [finding.site for finding in diagnosis if finding.site]
    affected = [name for site in named for name in diagnosis.tape if name == site or name.startswith(f"{site}.")]
    return list(dict.fromkeys([*affected, *diagnosis.tape]))


def _site(diagnosis: Examination, name: str, number: int, found: Pictures, lang: str) -> SiteView:
    drawings = [
        Drawing(
            label=text(f"doctor.page.picture.{picture.name}", lang, site=name),
            svg=compact(svg(picture.draw(lang), f"site-{number}-{picture.name}-{lang}")),
            note=text(f"doctor.page.note.{picture.note}", lang) if picture.note else "",
        )
        for picture in found.drawn
    ]
    notes = tuple(text(f"doctor.page.note.{note}", lang) for note in found.notes)
    return SiteView(name, diagnosis.tape[name].what, tuple(drawings), notes)
