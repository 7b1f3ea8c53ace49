"""The grammar of contenders: its words put together at random, misspelt, repeated, with numbers out of range."""

from __future__ import annotations

from pathlib import Path
from random import Random

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.contenders.positions import POSITIONS
from carousel.experiments.contenders.spec import SUGGESTED, parse_contenders
from carousel.experiments.preflight import preflight
from carousel.experiments.runner.request import ComparisonRequest
from carousel.nn.initialisation import INITIALISATIONS
from tests.fuzz.mutate import word

_CELLS, _INITS = [*FAMILY_OF_CELL], [*INITIALISATIONS, *POSITIONS]
_NUMBERS = (
    "1",
    "0",
    "2",
    "16",
    "17",
    "-1",
    "1.5",
    "1.",
    ".5",
    "1e3",
    "٣",
    "²",
    "9" * 30,
    "9" * 400,
    "9" * 5000,
    "00001",
    "",
)
_JOINTS = (",", ",", ",", ", ", ",,", ";", "\n", "")


def contender(draw: Random, _: Path) -> None:
    """A list of contenders, parsed; where it is one, planned for too."""
    text = listed(draw)
    parse_contenders(text)
    if draw.random() < 0.3:
        list(preflight(ComparisonRequest(("delayed-recall",), text, (8,), parameters=1000)).lines("en"))


def listed(draw: Random) -> str:
    """One to four contenders, joined."""
    return draw.choice(_JOINTS).join(_one(draw) for _ in range(draw.choice((1, 1, 2, 4))))


def _one(draw: Random) -> str:
    if draw.random() < 0.2:
        return draw.choice([*SUGGESTED])
    text = _misspelt(draw.choice(_CELLS), draw)
    if draw.random() < 0.6:
        text += ":" + _misspelt(draw.choice(_INITS), draw) + draw.choice(("", "", f"-{draw.choice(_NUMBERS)}"))
    if draw.random() < 0.4:
        text += (
            ","
            + draw.choice(("layers", "layers", "layer", ""))
            + draw.choice(("=", "=", "==", ""))
            + draw.choice(_NUMBERS)
        )
    return text


def _misspelt(name: str, draw: Random) -> str:
    if draw.random() < 0.75:
        return name
    at = draw.randrange(len(name))
    return draw.choice(
        (name[:at] + name[at + 1 :], name.upper(), name[:at] + word(draw) + name[at:], name * 2, word(draw), "")
    )
