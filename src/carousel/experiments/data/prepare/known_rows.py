"""The rows of a new file that say only what is known in advance of the steps to be forecast."""

from __future__ import annotations

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, spans
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.trained_channels import known_of, of_columns
from carousel.experiments.data.read.channels import NO_WORD
from carousel.experiments.data.read.known_ahead import later
from carousel.experiments.data.read.steps import Steps


def with_known_ahead(raw: Floats, steps: Steps, card: Card) -> tuple[Floats, Steps]:
    """([R', c + k], the steps up to the last value of what is forecast): with what is known of the steps after each.
    raw: [R, c] columns as they are. As they came where nothing is known in advance. BadData where the rows after that
    last value are too few, or one lacks what is known."""
    known, horizon = known_of(card)
    forecast = card["forecast"]
    if not known or forecast is None:
        return raw, steps
    names = of_columns(card)
    asked = raw[:, [names.index(name) for name in forecast["columns"]]]
    held = np.asarray(~np.isnan(asked).any(axis=1))
    lengths = _up_to_the_last(held, steps)
    values = raw[:, [names.index(name) for name in known]]
    _refuse_unknown(values, steps, lengths, horizon, known, forecast["columns"][0])
    seen = np.concatenate([raw, later(values, steps.lengths, horizon)], axis=1)
    return seen[spans(steps.starts, lengths)], steps.first(lengths)


def _up_to_the_last(held: Bools, steps: Steps) -> Ints:
    """[N] of each series the steps up to its last true one; all of a series that has none, which is told elsewhere."""
    places = np.where(held, np.arange(len(held)) + 1, 0)
    last = np.maximum.reduceat(places, steps.starts) - steps.starts
    found: Ints = np.where(last > 0, last, steps.lengths)
    return found


def _refuse_unknown(values: Floats, steps: Steps, lengths: Ints, horizon: int, known: list[str], forecast: str) -> None:
    for name, start, length, kept in zip(steps.names, steps.starts, steps.lengths, lengths, strict=True):
        if length - kept < horizon:
            raise BadData(f"{name!r} has {length - kept} rows after the last value of {forecast!r}",
                          allowed=f"{horizon}, for which {known[0]!r} is known in advance",
                          fix=f"add rows with {known[0]!r}, and {forecast!r} left empty")  # fmt: skip
        coming = values[start + kept : start + kept + horizon]
        ahead = np.isnan(coming) | (coming == 1) & [name.endswith(NO_WORD) for name in known]
        if ahead.any():
            row, column = np.argwhere(ahead)[0]
            name, number = known[column].removesuffix(NO_WORD), steps.table.rows[start + kept + row]
            raise BadData(f"column {name!r} has no value in row {number}, and is known in advance",
                          fix="fill it in")  # fmt: skip
