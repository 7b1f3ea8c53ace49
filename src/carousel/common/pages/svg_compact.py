"""The same picture in fewer bytes: what a drawn figure says again and again, said once; a heat map as one image."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from carousel.common.pages.heat_image import image_of

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_GROUP, _PATH, _ROUND, _IMAGE = (f"{{{_SVG}}}{tag}" for tag in ("g", "path", "circle", "image"))
#: For a figure that a page shows as one picture, with a label of its own.
_NOT_SEEN = frozenset({"class", "role", "aria-roledescription", "aria-label", "aria-hidden", "pointer-events"})
_DEFAULTS = {"transform": "translate(0,0)", "opacity": "1"}
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "font-family", "font-size",
              "font-weight", "text-anchor")  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_COLOUR = re.compile(r"rgb\((\d+), (\d+), (\d+)\)")
_CIRCLE = re.compile(r"M([\d.]+),0A(?:[\d.]+,[\d.]+,0,1,1,-?[\d.]+,0(?:A|$)){2}")
_HEAT = 200  # rectangles from which on they are a heat map


def compact(drawn: str) -> str:
    """The SVG that `render.svg` gives, drawn alike in at most a tenth of a pixel, without what serves a reader of its
    marks one by one."""
    root = ElementTree.fromstring(drawn)
    for change in (_bare, _without_empty, _heat_maps, _unwrapped, _said_once):
        _bottom_up(root, change)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    return _numbered_anew(ElementTree.tostring(root, encoding="unicode"))


def _numbered_anew(drawn: str) -> str:
    """Vega numbers its clips through the life of the process; here they count from 0, so that bytes repeat."""
    ids = dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn))
    names = {old: re.sub(r"\d+$", "", old) + str(number) for number, old in enumerate(ids)}

    def renamed(reference: re.Match[str]) -> str:
        return reference[1] + names.get(reference[2], reference[2]) + reference[3]

    return re.sub(r"""(\bid="|url\(['"]?#|href="#)([^"')]+)(["')])""", renamed, drawn)


def _bottom_up(element: Element, change: Callable[[Element], None]) -> None:
    for child in element:
        _bottom_up(child, change)
    change(element)


def _bare(element: Element) -> None:
    """Only attributes that are seen; coordinates to a tenth, colours in hexadecimal."""
    for name in _NOT_SEEN & element.attrib.keys():
        del element.attrib[name]
    for name in ("d", "transform", "x", "y", "x2", "y2"):
        if name in element.attrib:
            element.attrib[name] = _NUMBER.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), element.attrib[name])
    for name in ("fill", "stroke", "stop-color"):
        if name in element.attrib:
            element.attrib[name] = _COLOUR.sub(lambda c: f"#{int(c[1]):02x}{int(c[2]):02x}{int(c[3]):02x}",
                                               element.attrib[name])  # fmt: skip
    circle = _CIRCLE.fullmatch(element.attrib.get("d", ""))
    if circle:
        del element.attrib["d"]
        element.tag, element.attrib["r"] = _ROUND, circle[1]
    for name, value in _DEFAULTS.items():
        if element.attrib.get(name) == value:
            del element.attrib[name]


def _without_empty(element: Element) -> None:
    """Children that draw nothing: hidden ones, paths without fill and stroke (vega says `none` at the top), and groups
    of none but such."""
    for child in list(element) if element.tag == _GROUP else ():
        hidden = child.attrib.get("display") == "none"
        unpainted = child.tag == _PATH and not {"fill", "stroke"} & child.attrib.keys()
        if hidden or unpainted or (child.tag == _GROUP and not len(child)):
            element.remove(child)


def _heat_maps(element: Element) -> None:
    if len(element) >= _HEAT:
        found = image_of([dict(child.attrib) for child in element])
        if found is not None:
            del element[:]
            element.append(Element(_IMAGE, found))


def _unwrapped(element: Element) -> None:
    """A group that says nothing gives its place to what it holds."""
    for place, child in reversed(list(enumerate(element))):
        if child.tag == _GROUP and not child.attrib:
            element[place : place + 1] = list(child)


def _said_once(element: Element) -> None:
    """What all marks of a group have alike moves to the group, where it is of the kind that is handed down."""
    if element.tag != _GROUP or len(element) < 2 or len({child.tag for child in element}) > 1:
        return
    for name in _INHERITED:
        values = {child.attrib.get(name) for child in element}
        if len(values) == 1 and None not in values and name not in element.attrib:
            element.attrib[name] = element[0].attrib[name]
            for child in element:
                del child.attrib[name]
