"""Which pending trials are taken with a first: none of a race that would be torn without need.

The trials of a race end by each other, which they can only where they train together (`training.pruning`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

Row = tuple[str, float, str]  # hash, position, description


def whole_races(first: dict[str, Any], others: Sequence[Row], most: int) -> Sequence[Row]:
    """At most so many of those that may go with a first, without the beginning of a race that would fit whole into
    another group. That of the first is taken as far as there is room."""
    races = [_race_of(json.loads(description)) for _, _, description in others[: most + 1]]
    torn = races[most] if len(races) > most else None
    if torn is None or torn == _race_of(first) or torn.trials > most + 1:
        return others[:most]
    return others[: races.index(torn)]


class _RaceOf(NamedTuple):
    """Which race it is among trials of one shape, and how many trials it has."""

    spec: str
    number: int
    trials: int


def _race_of(description: dict[str, Any]) -> _RaceOf | None:
    """None for what is in no race."""
    race = description.get("race")
    if race is None:
        return None
    return _RaceOf(description["contender"]["spec"], race["number"], race["rates"] * race["seeds"])
