"""What page and Markdown show, in one language, as plain texts: numbers are formatted before they come here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from carousel.experiments.report.first import FirstScreen


@dataclass(frozen=True)
class Table:
    """A table. numeric: columns set to the right; strong, quiet: rows that stand out or stand back."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    numeric: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    quiet: frozenset[int] = frozenset()
    words: frozenset[int] = frozenset()  # columns that hold a verdict
    verdicts: tuple[str, ...] = ()  # the verdict of each row, where there is such a column
    forest_plot: tuple[str, ...] = ()  # an interval drawn for each row (SVG, page only)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A claim and what it came to."""

    id: str
    title: str
    statement: str
    verdict: str
    word: str
    effect: str
    because: str
    details: str  # the line that opens the details; empty where there are none
    paragraphs: tuple[tuple[str, str], ...]  # (label, text)
    conditions: Table | None
    evidence: Link | None
    figure: Anchor | None = None  # the figure that shows what decides


class Anchor(NamedTuple):
    """A place in the page, and the text of the link to it."""

    target: str
    text: str


@dataclass(frozen=True)
class FigureView:
    """A figure with its caption; no panels (SVG) where nothing was measured, and `missing` says so. legend: SVG of a
    mark, and the contender's name."""

    name: str
    number: str
    title: str
    caption: str
    missing: str
    panels: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    picture: str  # relative paths of the files
    rows: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A file of the run folder."""

    href: str
    text: str


@dataclass(frozen=True)
class Page:
    """The whole report in one language."""

    lang: str
    first: FirstScreen
    facts: str
    machines: str
    advice: str
    made_by: str
    calibration: str
    data: tuple[str, ...]
    classes: Table | None
    scores: Table | None  # by class
    cards: tuple[Card, ...]
    figures: tuple[FigureView, ...]
    contenders: tuple[Table, ...]
    settings: Table
    thresholds: Table
    environment: Table
    files: tuple[Link, ...] = field(default=())
