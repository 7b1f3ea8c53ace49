"""A figure drawn once: a file of its own in each language, and for the page its panels, with the marks that all
languages share apart from the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from carousel.common.pages import theme
from carousel.common.pages.render import svg
from carousel.common.pages.svg_compact import compact
from carousel.common.texts import LANGUAGES
from carousel.experiments.report.figures.base import Figure
from carousel.experiments.report.figures.both import Both, is_marked

_SVG = "http://www.w3.org/2000/svg"
_GROUP, _TEXT = f"{{{_SVG}}}g", f"{{{_SVG}}}text"
_NAMESPACE = re.compile(r' xmlns(:\w+)?="[^"]*"')
_HEADROOM = 34.0  # pixels: the heading of a panel
_PANEL = re.compile(r"mark-group role-scope concat_\d+_group")
_PLACE = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")


@dataclass(frozen=True)
class Drawing:
    """files: by language, the whole figure. shared: the marks of its panels, to stand in the page once. panels: by
    language, an SVG a panel: its words over the shared marks."""

    files: Mapping[str, str]
    shared: str
    panels: Mapping[str, tuple[str, ...]]


def drawing(figure: Figure) -> Drawing:
    """Of a figure that was measured."""
    both = Both()
    drawn = svg(figure.draw(both), figure.name)
    parts = [(f"{figure.name}-marks-{k}", panel) for k, panel in enumerate(_panels(drawn))]
    return Drawing(
        files={lang: both.told(compact(drawn), lang) for lang in LANGUAGES},
        shared="".join(_shared(name, panel) for name, panel in parts),
        panels={lang: tuple(both.told(_worded(name, panel), lang) for name, panel in parts) for lang in LANGUAGES},
    )


def _panels(drawn: str) -> list[Element]:
    """Each panel as an SVG of its own, cut from the grid that vega laid out."""
    root = ElementTree.fromstring(drawn)
    groups = [group for group in root.iter() if _PANEL.fullmatch(group.get("class", ""))]
    places = [_place(group[0]) for group in groups]
    left, top = _place(next(child for child in root if child.tag == _GROUP))
    across, down = sorted({x for x, _ in places}), max(y for _, y in places)
    right = float(root.attrib["width"]) - left - across[-1]
    first = across[1] - left - theme.SPACING / 2 if len(across) > 1 else right
    size = (left + max(right, first), _HEADROOM + float(root.attrib["height"]) - top - down)
    return [_alone(group, (-left, -_HEADROOM), size) for group in groups]


def _place(element: Element) -> tuple[float, float]:
    found = _PLACE.fullmatch(element.attrib["transform"])
    assert found is not None, element.attrib["transform"]  # vega places every group
    return float(found[1]), float(found[2])


def _alone(group: Element, corner: tuple[float, float], size: tuple[float, float]) -> Element:
    """A panel at its own origin, compact."""
    box = " ".join(f"{n:g}" for n in (*corner, *size))
    root = Element(f"{{{_SVG}}}svg", {"viewBox": box, "width": f"{size[0]:g}", "height": f"{size[1]:g}"})
    holder = ElementTree.SubElement(root, _GROUP, {"fill": "none", "stroke-miterlimit": "10"})
    holder.append(deepcopy(group))
    holder[0][0].attrib["transform"] = "translate(0,0)"
    return ElementTree.fromstring(compact(ElementTree.tostring(root, encoding="unicode")))


def _shared(name: str, panel: Element) -> str:
    """All of a panel but the words that differ by language."""
    whole = deepcopy(panel)
    _without(whole, lambda element: element.tag == _TEXT and is_marked(element.text or ""))
    return f'<g id="{name}">{"".join(map(_written, whole))}</g>'


def _worded(name: str, panel: Element) -> str:
    """The words of a panel that differ by language, over the shared marks."""
    words = deepcopy(panel)
    _without(words, lambda element: not any(is_marked(each) for each in element.itertext()))
    head = " ".join(f'{key}="{panel.attrib[key]}"' for key in ("viewBox", "width"))
    return f'<svg {head} aria-hidden="true"><use href="#{name}"/>{"".join(map(_written, words))}</svg>'


def _without(element: Element, unwanted: Callable[[Element], bool]) -> None:
    for child in list(element):
        if unwanted(child):
            element.remove(child)
        else:
            _without(child, unwanted)


def _written(element: Element) -> str:
    """Without a namespace: it stands inside a page."""
    return _NAMESPACE.sub("", ElementTree.tostring(element, encoding="unicode"))
