"""Reading an altair chart back: what the tests of figures ask of it."""

from __future__ import annotations

import json
from typing import Any


def rows(chart: Any, *names: str) -> list[dict[str, Any]]:
    """The rows of a chart's data that have all of these columns."""
    every = [row for values in chart.to_dict()["datasets"].values() for row in json.loads(values)]
    return [row for row in every if set(names) <= set(row)]


def notes(chart: Any) -> list[str]:
    return list(chart.to_dict()["title"]["subtitle"])
