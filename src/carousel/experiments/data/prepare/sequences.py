"""Sequences with a target each become a `Prepared`: short ones dealt with, then split, then scaled."""

from __future__ import annotations

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import PARTS, Floats, Ints, starts_of
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare import card as cards
from carousel.experiments.data.prepare.length_filter import without_short
from carousel.experiments.data.prepare.prepared import Kind, Prepared
from carousel.experiments.data.prepare.scaling import moments, scale
from carousel.experiments.data.prepare.shared import NO_CHANNELS, NONE, told, with_masks
from carousel.experiments.data.prepare.split import split_sequences
from carousel.experiments.data.read.parsed import RawSequences
from carousel.experiments.data.read.target import Classes, Values, read_target


def from_sequences(raw: RawSequences, options: DataOptions, name: str, sha256: str) -> Prepared:
    """Classification or regression: one target a sequence, whole sequences split."""
    raw = without_short(raw, options.drop_short)
    target = read_target(raw.labels, raw.names, options.kind or raw.kind)
    part = _split(raw, target, options)
    scaled = scale(raw.x, np.repeat(part == 0, raw.lengths), raw.channels)
    y, y_mean, y_std = _scaled_target(target, part)
    kind: Kind = "classification" if isinstance(target, Classes) else "regression"
    how = "sibling" if raw.part is not None else ("stratified" if isinstance(target, Classes) else "random")
    card = {
        "kind": kind,
        **cards.target_card(raw.target, target, part),
        **cards.lengths_card(raw.lengths),
        **cards.channels_card(raw.channels, scaled),
        **cards.split_card(how, part, options.split_seed),
        "forecast": None,
        **cards.notes_card(raw.notes, scaled.notes),
    }
    mean, std = with_masks(scaled)
    places = (starts_of(raw.lengths), raw.lengths, part)
    return told(Prepared(kind, name, sha256, scaled.x, *places, y, mean, std, y_mean, y_std, NO_CHANNELS, card))


def _split(raw: RawSequences, target: Classes | Values, options: DataOptions) -> Ints:
    if raw.part is None:
        part = split_sequences(target, raw.names, list(options.split), options.split_seed)
    else:
        part = _split_rest(raw.part, raw.names, target, options)
    if isinstance(target, Values):
        _refuse_constant(target.values, part, raw.target)
    return part


def _split_rest(given: Ints, names: list[str], target: Classes | Values, options: DataOptions) -> Ints:
    """The test part is given; what is left is split into training and validation."""
    rest = np.flatnonzero(given == 0)
    part = given.copy()
    left = Classes(target.names, target.codes[rest]) if isinstance(target, Classes) else Values(target.values[rest])
    part[rest] = split_sequences(left, [names[i] for i in rest], list(options.split[:2]), options.split_seed)
    return part


def _refuse_constant(values: Floats, part: Ints, name: str) -> None:
    for number, part_name in enumerate(PARTS):
        inside = values[part == number]
        if len(inside) < 2 or inside.min() == inside.max():
            raise BadData(
                f"the target {name!r} has the same value all through the {part_name} part, so R² is not defined",
                got=f"{len(inside)} sequences of {inside.min():g}" if len(inside) else "no sequences",
                fix="add sequences, or another seed of the split, or --kind classification",
            )


def _scaled_target(target: Classes | Values, part: Ints) -> tuple[np.ndarray, Floats, Floats]:
    if isinstance(target, Classes):
        return target.codes, NONE, NONE
    training = target.values[part == 0]
    mean, std, _ = moments(training[:, None])
    return ((target.values - mean) / std).astype(np.float32)[:, None], mean, std
