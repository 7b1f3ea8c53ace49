"""What the page shows of a diagnosis, in one language, as plain texts and drawn figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from carousel.common.texts import text
from carousel.introspect.diagnosis.finding import Examination, Finding
from carousel.introspect.diagnosis.symptoms import SYMPTOMS
from carousel.introspect.record import Track
from carousel.introspect.record.table import skipped


@dataclass(frozen=True)
class Card:
    """A finding. svg: its figure, "" where it has none; undrawn: whether it has one that cannot be drawn any more."""

    number: int
    severity: str
    word: str
    symptom: str
    site: str
    confidence: str
    title: str
    paragraphs: tuple[tuple[str, str], ...]  # (label, text): what was measured, and why it happens
    fix: str
    advice: str
    limits: str
    svg: str = ""
    undrawn: bool = False
    follows: tuple[tuple[str, str], ...] = ()  # (symptom, title) of what goes away with it


@dataclass(frozen=True)
class Drawing:
    """One figure of a site. label: what it is, for those who cannot see it. note: what is special about it, or ""."""

    label: str
    svg: str
    note: str


@dataclass(frozen=True)
class SiteView:
    """A recorded layer in one direction. what: its module in words."""

    name: str
    what: str
    drawings: tuple[Drawing, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PageView:
    """The whole page in one language. unseen: (symptom, reason). tape: rows of the table, tape_notes: below it."""

    lang: str
    facts: str
    summary: str
    cards: tuple[Card, ...]
    clean: tuple[str, ...]
    not_assessed: tuple[tuple[str, str], ...]
    sites: tuple[SiteView, ...]
    sites_note: str
    tape: tuple[tuple[str, ...], ...]
    tape_notes: tuple[str, ...]
    made_by: str


def page_view(
    diagnosis: Examination, cards: Sequence[Card], sites: Sequence[SiteView], drawable: int, lang: str
) -> PageView:
    """drawable: how many sites could have been shown."""
    shown = text("doctor.page.sites_left", lang, shown=len(sites), count=drawable)
    return PageView(
        lang=lang,
        facts=text("doctor.heading", lang, **diagnosis.facts),
        summary=summary(diagnosis, lang),
        cards=tuple(cards),
        clean=clean(diagnosis),
        not_assessed=tuple((each.symptom, each.text(lang)) for each in diagnosis.not_assessed),
        sites=tuple(sites),
        sites_note=shown if len(sites) < drawable else "",
        tape=tuple(_row(track, lang) for track in diagnosis.tape.values()),
        tape_notes=tuple(skipped(diagnosis.tape.skipped, lang)),
        made_by=text("doctor.page.made_by", lang, version=version("carousel-rnn")),
    )


def card(number: int, finding: Finding, lang: str, svg: str = "", undrawn: bool = False) -> Card:
    """A finding in a language."""
    level = text(f"doctor.level.{finding.confidence}", lang)
    return Card(
        number=number,
        severity=finding.severity,
        word=text(f"doctor.severity.{finding.severity}", lang),
        symptom=finding.symptom,
        site=finding.site,
        confidence=text("doctor.confidence", lang, level=level),
        title=finding.text("title", lang),
        paragraphs=tuple(
            (text(f"doctor.part.{part}", lang), finding.text(part, lang)) for part in ("evidence", "cause")
        ),
        fix=finding.fix,
        advice=finding.text("advice", lang),
        limits=finding.text("limits", lang),
        svg=svg,
        undrawn=undrawn,
        follows=tuple((each.symptom, each.text("title", lang)) for each in finding.follows),
    )


def summary(diagnosis: Examination, lang: str) -> str:
    """How many findings there are, and how many symptoms were looked for."""
    looked = diagnosis.looked_for - len(diagnosis.not_assessed)
    if not diagnosis.findings:
        return text("doctor.sound", lang, count=looked)
    return text("doctor.page.summary", lang, count=len(diagnosis), looked=looked, all=diagnosis.looked_for)


def clean(diagnosis: Examination) -> tuple[str, ...]:
    """The symptoms that were looked for and not found."""
    found = {each.symptom for finding in diagnosis for each in (finding, *finding.follows)}
    mentioned = found | {each.symptom for each in diagnosis.not_assessed}
    return tuple(s.id for s in SYMPTOMS if s.id not in mentioned)


def _row(track: Track, lang: str) -> tuple[str, ...]:
    """name, module, values with their shapes, calls and kernel of a track."""
    if not track.calls:
        return track.name, track.what, text("doctor.page.did_not_run", lang), "", ""
    return track.name, track.what, "; ".join(_shapes(track)), str(len(track.calls)), track.kernels[0]


def _shapes(track: Track) -> list[str]:
    """ "h [40, 16, 4]", "i f g o c [40, 16, 8]": names of one shape together; of several calls the steps of all."""
    by_shape: dict[str, list[str]] = {}
    for name in track.names:
        shapes = [tuple(call[name].shape) for call in track.calls]
        steps, sizes = sum(shape[0] for shape in shapes), {shape[1] for shape in shapes}
        batch = str(sizes.pop()) if len(sizes) == 1 else "?"
        by_shape.setdefault(f"[{steps}, {batch}, {shapes[0][2]}]", []).append(name)
    return [f"{' '.join(names)} {shape}" for shape, names in by_shape.items()]
