"""The panels of a figure as one Vega-Lite specification, as plain data.

alt.layer and alt.concat copy each layer several times, and that takes longer than to draw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import altair as alt

from carousel.common.pages import theme


class Panel(NamedTuple):
    """Layers (altair charts) upon one another, the first below. width, height: of the drawing area, in pixels."""

    layers: Sequence[Any]
    title: str
    width: int = theme.WIDTH
    height: int = theme.HEIGHT


def grid(panels: Iterable[Panel]) -> dict[str, Any]:
    """Small multiples in the style of all figures; their layers share the data of `datasets`."""
    context: dict[str, Any] = {"top_level": False, "datasets": {}}
    cells = [_cell(panel, context) for panel in panels]
    style = theme.styled(alt.ConcatChart(concat=[])).config.to_dict(validate=False)
    return {"$schema": alt.SCHEMA_URL, "config": style, "concat": cells, "columns": theme.COLUMNS,
            "spacing": theme.SPACING, "datasets": context["datasets"]}  # fmt: skip


def _cell(panel: Panel, context: dict[str, Any]) -> dict[str, Any]:
    layers = [layer.to_dict(validate=False, context=context) for layer in panel.layers]
    return {"layer": layers, "title": panel.title, "width": panel.width, "height": panel.height}
