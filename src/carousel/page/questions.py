"""The questions of the course: drawn as the lab page draws them (web/src/course/questions.ts), from the same file."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from carousel.page.draws import Draws

ON_A_PAPER = 10
SEEDS = (1, 999_999)


class Question(NamedTuple):
    """template: its name. values: what it was drawn with."""

    template: str
    values: dict[str, Any]


@cache
def templates() -> dict[str, dict[str, Any]]:
    """By name: chapter, kind ("number", "choice", "step"), options or tolerance, and the values to draw from."""
    found: dict[str, dict[str, Any]] = json.loads(
        resources.files("carousel.page").joinpath("questions.json").read_text()
    )
    return found


def drawn(template: str, draw: Draws) -> Question:
    """One question of a template."""
    among = templates()[template]["draws"]
    return Question(template, {name: values[draw.integer(len(values))] for name, values in among.items()})


def paper(seed: int, length: int = ON_A_PAPER) -> list[Question]:
    """The same questions for everyone who gives the same seed: one of each chapter, the rest from anywhere."""
    draw, names = Draws(seed), [*templates()]
    chapters = list(dict.fromkeys(templates()[name]["chapter"] for name in names))
    chosen = [_picked([n for n in names if templates()[n]["chapter"] == chapter], draw) for chapter in chapters]
    while len(chosen) < length:
        chosen.append(_picked([n for n in names if n not in chosen], draw))
    return [drawn(template, draw) for template in chosen[:length]]


def _picked(among: list[str], draw: Draws) -> str:
    return among[draw.integer(len(among))]
