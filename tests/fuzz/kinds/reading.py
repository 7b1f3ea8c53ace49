"""A user's file, read as `carousel compare` reads it, under options that are mutated too."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from carousel.common.errors import UserError
from carousel.experiments.data import DataOptions, card_lines, prepare
from carousel.experiments.preflight import preflight
from carousel.experiments.runner.request import ComparisonRequest
from tests.fuzz.mutate import word

LONG = {"target": "label", "group": "id", "order": "t"}
SERIES = {"forecast": ("a",), "order": "t", "window": 4}
WIDE = {"target": "label"}
_COUNTS = (None, 0, 1, 3, 50, 10**6, 2**40, -1)


def read(path: Path, given: dict[str, Any], draw: Random, columns: tuple[str, ...] = ()) -> None:
    """The file prepared and described; now and then planned for too. Raises UserError."""
    options = DataOptions(**_changed(given, draw, columns) if draw.random() < 0.25 else given)
    prepared = prepare(path, options)
    for lang in ("en", "zh"):
        list(card_lines(prepared.card, lang))
    if draw.random() < 0.1:
        list(preflight(ComparisonRequest((str(path),), data=options)).lines("en"))


def _changed(given: dict[str, Any], draw: Random, columns: tuple[str, ...]) -> dict[str, Any]:
    changed = dict(given)
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice(("target", "group", "order", "forecast", "horizon", "window", "kind", "split", "split_seed",
                            "ignore", "inputs", "missing", "date_format", "encoding", "decimal", "fill", "wide",
                            "every_step", "block", "split_by", "not_missing"))  # fmt: skip
        column = draw.choice((None, word(draw), *columns))
        changed[name] = {
            "forecast": tuple(filter(None, (column, draw.choice((None, *columns))))),
            "ignore": tuple(filter(None, (column,))),
            "inputs": tuple(filter(None, (column,))),
            "missing": draw.choice(((), ("3",), (word(draw),))),
            "date_format": draw.choice((None, "%d/%m/%Y", "%Y-%m-%d", "%", word(draw))),
            "encoding": draw.choice((None, "gb18030", "utf-16", "idna", "hex", word(draw))),
            "decimal": draw.choice((None, "comma", "point")),
            "fill": draw.choice((None, "last", "linear", word(draw))),
            "wide": draw.choice((None, True)),
            "every_step": draw.choice((None, True)),
            "split_by": draw.choice((None, "time", "sequence", word(draw))),
            "not_missing": draw.choice(((), ("None",), (word(draw),))),
            "horizon": draw.choice(_COUNTS),
            "window": draw.choice(_COUNTS),
            "kind": draw.choice((None, "classification", "regression", word(draw))),
            "split": draw.choice(
                ((0.6, 0.2, 0.2), (0.98, 0.01, 0.01), (1e-9, 1 - 2e-9, 1e-9), (float("nan"),) * 3, ())
            ),
            "split_seed": draw.choice((0, 1, 2**31)),
        }.get(name, column)
    return changed


def sound(path: Path, given: dict[str, Any]) -> None:
    """The base of a mutation is one that is accepted: else nothing behind the first check would be reached."""
    try:
        prepare(path, DataOptions(**given))
    except UserError as error:
        raise AssertionError(f"the base {path.name} is refused: {error}") from error
