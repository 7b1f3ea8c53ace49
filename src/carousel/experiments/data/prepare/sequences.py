"""Sequences with a target each become a `Prepared`: short ones refused or dropped, then split, then scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import PARTS, Floats, Ints, Note, constant_part, starts_of
from carousel.experiments.data.card import Card
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare import describe
from carousel.experiments.data.prepare.prepared import WHOLE_FILE, Kind, Prepared
from carousel.experiments.data.prepare.scaling import NO_CHANNELS, moments, refuse_huge, scale
from carousel.experiments.data.prepare.shared import NONE, with_baseline, with_masks
from carousel.experiments.data.prepare.split import split_sequences
from carousel.experiments.data.prepare.split_blocks import split_blocks
from carousel.experiments.data.prepare.split_time import by_time, split_time
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.read.parsed import ParsedSequences
from carousel.experiments.data.read.target import Classes, Values, read_target, taken

SHORTEST = 2  # steps: in a sequence of one there is nothing for a recurrent network to remember


def from_sequences(
    parsed: ParsedSequences,
    options: DataOptions,
    name: str,
    sha256: str,
    time_window: TimeWindow = WHOLE,
    whole: bool = False,
) -> Prepared:
    """Classification or regression: one target a sequence, whole sequences split. time_window: the stretch of the
    sequences to use, where they are split by time. whole: not split, all is there to learn from."""
    parsed = _without_short(parsed, options.drop_short)
    target = read_target(parsed.labels, parsed.names, options.kind or parsed.kind)
    not_split = _Split(WHOLE_FILE, np.zeros(len(parsed.lengths), dtype=np.int64), [])
    how, part, split_notes = not_split if whole else _split(parsed, target, options, time_window)
    if (part < 0).any():
        parsed, target, part = parsed.keep(part >= 0), taken(target, part >= 0), part[part >= 0]
    if isinstance(target, Values) and not whole:
        _refuse_constant(target.values, part, parsed.target)
    scaled = scale(parsed.x, np.repeat(part == 0, parsed.lengths), parsed.channels)
    y, y_mean, y_std = scaled_target(target, part, parsed.target)
    kind: Kind = "classification" if isinstance(target, Classes) else "regression"
    card: Card = {
        "kind": kind,
        **describe.target_card(parsed.target, target, part),
        **describe.lengths_card(parsed.lengths),
        **describe.channels_card(parsed.channels, scaled),
        **describe.split_card(how, part, None if how in ("sequences_time", WHOLE_FILE) else options.split_seed),
        "forecast": None,
        "spacing": parsed.spacing,
        **describe.notes_card(parsed.notes, split_notes, target.notes, scaled.notes),
    }
    mean, std = with_masks(scaled)
    places = (starts_of(parsed.lengths), parsed.lengths, part)
    return with_baseline(
        Prepared(kind, name, sha256, scaled.x, *places, y, mean, std, y_mean, y_std, NO_CHANNELS, card)
    )


def _without_short(parsed: ParsedSequences, drop: bool) -> ParsedSequences:
    """The sequences of two steps or more. BadData for a shorter one unless `drop`, or where none is left."""
    kept = parsed.lengths >= SHORTEST
    short = np.flatnonzero(~kept)
    if not len(short):
        return parsed
    if not drop or not kept.any():
        steps = int(parsed.lengths[short[0]])
        raise BadData(
            f"{parsed.names[short[0]]} has {steps} step{'s' if steps != 1 else ''}",
            allowed=f"{SHORTEST} steps or more",
            got=f"{len(short)} of {len(parsed.lengths)} sequences are so short",
            fix="remove them, or drop them with --drop-short" if kept.any() else _fix_of_all_short(parsed),
        )
    note: Note = {"key": "dropped", "count": len(short), "of": len(parsed.lengths)}
    return replace(parsed.keep(kept), notes=[*parsed.notes, note])


def _fix_of_all_short(parsed: ParsedSequences) -> str:
    if any(note["key"] in ("wide", "wide_taken") for note in parsed.notes):
        return (
            "if a row is one step, name its sequence with --group, or a column with --forecast; "
            "--every-step if each row has a target of its own"
        )
    return "is --group the right column?"


class _Split(NamedTuple):
    """how: key of the card's text. part: [N], -1 for sequences outside the stretch that is used."""

    how: str
    part: Ints
    notes: list[Note]


def _split(parsed: ParsedSequences, target: Classes | Values, options: DataOptions, time_window: TimeWindow) -> _Split:
    shares, seed = list(options.split), options.split_seed
    if parsed.part is not None:
        return _Split("sibling", _split_rest(parsed.part, parsed.names, target, options), [])
    if parsed.blocks is not None and parsed.block is not None:
        part = split_blocks(target, parsed.blocks, parsed.block, shares, seed)
        return _Split("blocks", part, [_blocks_note(parsed.block, parsed.blocks, part)])
    timed, notes = by_time(parsed, target, options)
    if timed and parsed.ranks is not None:
        return _Split("sequences_time", split_time(parsed.ranks, target, shares, time_window), notes)
    part = split_sequences(target, parsed.names, shares, seed)
    return _Split("stratified" if isinstance(target, Classes) else "random", part, notes)


def _blocks_note(column: str, blocks: list[str], part: Ints) -> Note:
    training, validation, test = (len({blocks[i] for i in np.flatnonzero(part == p)}) for p in range(len(PARTS)))
    return {"key": "blocks", "column": column, "training": training, "validation": validation, "test": test}


def _split_rest(given: Ints, names: list[str], target: Classes | Values, options: DataOptions) -> Ints:
    """The test part is given; what is left is split into training and validation."""
    rest = given == 0
    part = given.copy()
    named = [names[i] for i in np.flatnonzero(rest)]
    part[rest] = split_sequences(taken(target, rest), named, list(options.split[:2]), options.split_seed)
    return part


def _refuse_constant(values: Floats, part: Ints, name: str) -> None:
    found = constant_part(values, part)
    if found is not None:
        part_name, inside = found
        raise BadData(
            f"the target {name!r} has the same value all through the {part_name} part, so R² is not defined",
            got=f"{len(inside)} sequences of {inside.min():g}" if len(inside) else "no sequences",
            fix="add sequences, or another seed of the split, or --kind classification",
        )


def scaled_target(target: Classes | Values, part: Ints, name: str) -> tuple[np.ndarray, Floats, Floats]:
    """Targets as a network is taught them, with mean and deviation of the training part's; codes as they are. BadData
    for a value that no float32 holds then."""
    if isinstance(target, Classes):
        return target.codes, NONE, NONE
    training = target.values[part == 0]
    mean, std, _ = moments(training[:, None])
    scaled = ((target.values - mean) / std)[:, None]
    refuse_huge(scaled, (name,), float(np.finfo(np.float32).max))
    return scaled.astype(np.float32), mean, std
