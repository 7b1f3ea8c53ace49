"""An altair chart as SVG text, without a browser and without the network."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import vl_convert

_VERSION = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_LONG_NUMBER = re.compile(r"(?<![\w#.])-?\d+\.\d{2,}")


def svg(chart: Any, name: str) -> str:
    """`chart` as SVG whose ids begin with `name`, so that several fit in one page. Coordinates to .1 pixel.

    chart: altair's, or a Vega-Lite specification as plain data. It is not checked against altair's schema: that takes
    longer than all the rest, and tests do it.
    """
    specification = chart if isinstance(chart, dict) else chart.to_dict(validate=False)
    drawn = vl_convert.vegalite_to_svg(specification, vl_version=_VERSION, allowed_base_urls=[])
    return _with_own_ids(_shorter(drawn), name)


def _shorter(drawn: str) -> str:
    """Path data and positions rounded to a tenth of a pixel."""

    def rounded(attribute: re.Match[str]) -> str:
        return _LONG_NUMBER.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), attribute[0])

    return re.sub(r' (?:d|transform|x|x2|y|y2)="[^"]*"', rounded, drawn)


def _with_own_ids(drawn: str, name: str) -> str:
    """Prefix the ids and the references to them; the texts of the figure stay as they are."""
    tags = re.compile(r"<[^>]*>")

    def prefixed(tag: re.Match[str]) -> str:
        own = re.sub(r'\bid="', f'id="{name}-', tag[0])
        return re.sub(r"url\((['\"]?)#", rf"url(\1#{name}-", re.sub(r'href="#', f'href="#{name}-', own))

    return tags.sub(prefixed, drawn)
