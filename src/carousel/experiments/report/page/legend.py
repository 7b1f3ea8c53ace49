"""The legend of a figure beside its panels in the page: a mark as the panels draw it, and the contender's name."""

from __future__ import annotations

from collections.abc import Mapping

from carousel.experiments.report.figures import Key, Style

_POINTS = {
    "circle": '<circle cx="7" cy="6" r="4.5"/>',
    "square": '<path d="M3 2h8v8h-8z"/>',
    "triangle-up": '<path d="M7 1l5 9h-10z"/>',
    "cross": '<path d="M5.5 1h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z"/>',
    "diamond": '<path d="M7 .5l5 5.5l-5 5.5l-5 -5.5z"/>',
}


def legend(looks: Mapping[str, Style], key: Key) -> tuple[tuple[str, str], ...]:
    """(SVG, name) of each contender, in the plan's order; nothing where the panels name them themselves."""
    if key == "own":
        return ()
    draw = {"line": _line, "point": _point}[key]
    return tuple((draw(style), name) for name, style in looks.items())


def _line(style: Style) -> str:
    dash = " ".join(map(str, style.dash))
    return (
        f'<svg width="30" height="12" aria-hidden="true"><path d="M0 6h30" stroke="{style.colour}" '
        f'stroke-width="2.2" stroke-dasharray="{dash}"/></svg>'
    )


def _point(style: Style) -> str:
    return f'<svg width="14" height="12" aria-hidden="true"><g fill="{style.colour}">{_POINTS[style.shape]}</g></svg>'
