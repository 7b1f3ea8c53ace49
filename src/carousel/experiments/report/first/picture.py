"""Small pictures as SVG text: they take the page's colours, light and dark, and describe themselves in a sentence."""

from __future__ import annotations

from html import escape

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.runner.plan import Contender

COLUMN = 480  # pixels of one of two columns beside each other, on a screen of 1,280
WIDEST = 520  # pixels; a wider picture is scrolled on a phone, not shrunk until nobody can read it
DASHES = ("", "7 4", "2 3", "9 3 2 3")
_LATIN, _HAN = 7.0, 13.5  # px a character takes at most


def svg(name: str, size: tuple[float, float], title: str, desc: str, marks: list[str]) -> str:
    """A picture; its title and description are what a screen reader says."""
    width, height = size
    kind = "plain wide" if width > WIDEST else "plain"
    head = (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(desc)}</desc>'
    )
    return head + "".join(marks) + "</svg>"


def words(x: float, y: float, says: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text; kind: its class."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(says)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of the frame."""
    return f'<path class="{kind}" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>'


def family(made: Contender) -> str:
    """The class that gives a network its hue."""
    return f"of-{FAMILY_OF_CELL[made.cell].lower()}"


def wide(label: str) -> float:
    """What a label takes at most, px."""
    return sum(_LATIN if character.isascii() else _HAN for character in label)
