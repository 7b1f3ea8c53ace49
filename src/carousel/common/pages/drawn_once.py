"""One figure in several languages, drawn once: drawing takes long, and only the texts differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from carousel.common.pages.render import svg
from carousel.common.pages.svg_compact import compact

_TEXT = re.compile(r"(?<=>)[^<>]+(?=</t(?:ext|span)>)")
_TAG = re.compile(r"<[^>]*>")


def drawn_once(draw: Callable[[str], Any], name: str, languages: tuple[str, ...]) -> dict[str, str]:
    """language -> compact SVG whose ids begin with `name` and the language. draw: language -> chart.

    The first language is drawn; the others are copies with their own texts in the same places. A language whose chart
    differs in more than texts, or whose texts are not all found as they are, is drawn by itself.
    """
    charts = {lang: draw(lang).to_dict(validate=False) for lang in languages}
    first = languages[0]
    drawn = compact(svg(charts[first], f"{name}-{first}"))
    pictures = {first: drawn}
    for lang in languages[1:]:
        copied = _translated(drawn, charts[first], charts[lang])
        if copied is None:
            pictures[lang] = compact(svg(charts[lang], f"{name}-{lang}"))
        else:
            pictures[lang] = _renamed(copied, f"{name}-{first}-", f"{name}-{lang}-")
    return pictures


def _renamed(drawn: str, old: str, new: str) -> str:
    """Within tags only: the texts of the figure stay as they are."""
    return _TAG.sub(lambda tag: tag[0].replace(old, new), drawn)


class _Differs(Exception):
    """Two charts that differ in more than texts."""


def _translated(drawn: str, chart: dict[str, Any], other: dict[str, Any]) -> str | None:
    """`drawn`, of `chart`, with the texts of `other`; None where that is not the drawing of `other`."""
    words: dict[str, str] = {}
    try:
        for old, new in _pairs(_numbered(chart), _numbered(other)):
            if words.setdefault(escape(old), escape(new)) != escape(new):
                return None
    except _Differs:
        return None
    seen = {each[0] for each in _TEXT.finditer(drawn)}
    changed = {old for old, new in words.items() if old != new}
    return _TEXT.sub(lambda said: words.get(said[0], said[0]), drawn) if changed <= seen else None


def _numbered(chart: dict[str, Any]) -> Any:
    """The chart with its data sets counted: altair names them after what they hold."""
    said = json.dumps(chart)
    for number, name in enumerate(chart.get("datasets", ())):
        said = said.replace(f'"{name}"', f'"data-{number}"')
    return json.loads(said)


def _rows(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("[{") else value


def _pairs(one: Any, two: Any) -> Iterator[tuple[str, str]]:
    """The texts of two charts at the same places. Rows of data, which a chart holds as JSON, are looked into."""
    if isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
        for key in one:
            yield from _pairs(_rows(one[key]), _rows(two[key]))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for each, its in zip(one, two, strict=True):
            yield from _pairs(each, its)
    elif isinstance(one, str) and isinstance(two, str):
        yield one, two
    elif one != two:
        raise _Differs
