"""The columns of another table as the channels that a network was trained on: the same words, units and masks."""

from __future__ import annotations

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats, Singles
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.scaling import refuse_huge, scaled_by
from carousel.experiments.data.read.known_ahead import name_ahead
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.visible import visible

FAR = 1e6  # deviations from the mean of training: no measurement, but a mark such as 1e20, or another unit
NAMED = "name it as in training, or compare again without it"


def masked(card: Card) -> set[str]:
    """The channels that missed a value in training."""
    return set(card["missing"])


def seen(raw: Floats, trained: Prepared) -> Singles:
    """Scaled, missing values 0 and marked, as `scale` does it; kept within what was usual where training kept it so.
    BadData for a value beyond FAR."""
    names = unmasked(trained.card)
    mean, std = trained.mean[: len(names)], trained.std[: len(names)]
    with np.errstate(over="ignore"):
        refuse_huge((raw - mean) / std, tuple(names), FAR)
    raw = raw.copy()
    for note in trained.card["notes"]:
        if note["key"] == "robust":
            place = names.index(str(note["column"]))
            raw[:, place] = raw[:, place].clip(float(str(note["least"])), float(str(note["most"])))
    gaps = masked(trained.card)
    marked = [names.index(name) for name in names if name in gaps]
    return scaled_by(raw, mean, std, tuple(names), marked)


def unmasked(card: Card) -> list[str]:
    """The channels that are columns, without the masks beside them."""
    masks = set(card["channels"]["masks"])
    return [name for name in card["channels"]["names"] if name not in masks]


def known_of(card: Card) -> tuple[list[str], int]:
    """(channels that are known in advance, how many steps ahead); none where none are."""
    note = next((note for note in card["notes"] if note["key"] == "known"), None)
    if note is None:
        return [], 0
    horizon, names = int(str(note["horizon"])), unmasked(card)
    return [name for name in names if name_ahead(name, horizon) in names], horizon


def of_columns(card: Card) -> list[str]:
    """The channels that are columns as they are, not as they will be later."""
    known, horizon = known_of(card)
    ahead = {name_ahead(name, horizon) for name in known}
    return [name for name in unmasked(card) if name not in ahead]


def channels_of(table: Table, card: Card) -> Floats:
    """[R, c]: the channels of training, from the columns of this table; those of later steps are not among them."""
    names, words = of_columns(card), _words(card)
    found: list[Floats] = []
    for column, known in words.items():
        if known:
            found.extend(_one_hot(table, column, known))
        else:
            table.column(column, "input column", NAMED)
            found.append(table.numbers(column))
    assert len(found) == len(names)  # channels stand in the order of their columns
    return np.stack(found, axis=1)


def _words(card: Card) -> dict[str, list[str]]:
    """Each input column, and where it held words, these: channels "column=word"."""
    hot = {str(note["column"]): note for note in card["notes"] if note["key"] == "one_hot"}
    found: dict[str, list[str]] = {}
    for channel in of_columns(card):
        column = next((name for name in sorted(hot, key=len, reverse=True) if channel.startswith(f"{name}=")), None)
        if column is None:
            found[channel] = []
        else:
            found.setdefault(column, []).append(channel.removeprefix(f"{column}="))
    return found


def _one_hot(table: Table, column: str, known: list[str]) -> list[Floats]:
    series = table.column(column, "input column", NAMED).cast(pl.String)
    unseen = np.flatnonzero([_word(value) not in known for value in series])
    if len(unseen):
        row = int(unseen[0])
        raise BadData(
            f"column {column!r} holds in row {table.rows[row]} what it never held in training",
            allowed=", ".join(known),
            got=_word(series[row]) + (f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""),
            fix="correct it, or compare again on a file that holds it",
        )
    return [np.array([_word(value) == word for value in series], dtype=np.float64) for word in known]


def _word(value: str | None) -> str:
    return "(missing)" if value is None else visible(value)
