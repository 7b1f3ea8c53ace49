"""A target at every step becomes a `Prepared`: an example is a step, seen with the steps up to it.

No step after the one that is asked about is looked at. The steps before it are at most `window`, fewer near the
beginning of a sequence; the first step of each is not asked about, since it has none before it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import PARTS, Bools, Ints, Note, constant_part, firsts_of, starts_of
from carousel.experiments.data.card import Card
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare import describe
from carousel.experiments.data.prepare.prepared import WHOLE_FILE, Kind, Prepared
from carousel.experiments.data.prepare.scaling import NO_CHANNELS, scale
from carousel.experiments.data.prepare.sequences import SHORTEST, scaled_target
from carousel.experiments.data.prepare.shared import with_baseline, with_masks
from carousel.experiments.data.prepare.split_blocks import split_blocks
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.prepare.windows import LONGEST_WINDOW, OUTSIDE, parts_in_time
from carousel.experiments.data.read.parsed import ParsedLabels
from carousel.experiments.data.read.target import Classes, Values, read_target, taken

MOST = 50_000  # steps that are asked about; neighbours tell much the same, and each is seen with up to 64 others


class _Asked(NamedTuple):
    """ends, starts: [N] the step of each example, and the first of those it is seen with. notes: what is not asked."""

    ends: Ints
    starts: Ints
    notes: list[Note]


def from_labels(
    parsed: ParsedLabels,
    options: DataOptions,
    name: str,
    sha256: str,
    time_window: TimeWindow = WHOLE,
    whole: bool = False,
) -> Prepared:
    """Classification or regression of steps. time_window: the stretch to use, where it is split by time. whole: not
    split, all is there to learn from."""
    window = options.window or window_of(parsed, options)
    asked = _asked(parsed, window)
    names = [f"row {row}" for row in parsed.rows[asked.ends]]
    target = read_target(parsed.labels.gather(asked.ends), names, options.kind)
    how, part, step_part = _split(parsed, asked, target, options, time_window, whole)
    asked, kept = _in_stretch(asked, step_part)
    target, part = taken(target, kept), part[kept]
    if not whole:
        _refuse_untold(target, part, parsed.target)
    scaled = scale(parsed.x, step_part == 0, parsed.channels)
    y, y_mean, y_std = scaled_target(target, part, parsed.target)
    kind: Kind = "classification" if isinstance(target, Classes) else "regression"
    seed = None if how in ("labels_time", WHOLE_FILE) else options.split_seed
    spacing = parsed.times.spacing(firsts_of(parsed.lengths)) if parsed.times is not None else None
    card: Card = {
        "kind": kind,
        **describe.target_card(parsed.target, target, part),
        **describe.lengths_card(parsed.lengths),
        **describe.channels_card(parsed.channels, scaled),
        **describe.split_card(how, part, seed),
        "forecast": None,
        "labels": {"window": window, "window_given": options.window is not None},
        "spacing": spacing,
        **describe.notes_card(parsed.notes, asked.notes, target.notes, scaled.notes),
    }
    mean, std = with_masks(scaled)
    places = (asked.starts, asked.ends - asked.starts + 1, part)
    return with_baseline(
        Prepared(kind, name, sha256, scaled.x, *places, y, mean, std, y_mean, y_std, NO_CHANNELS, card)
    )


def window_of(parsed: ParsedLabels, options: DataOptions) -> int:
    """Steps, the one that is asked about among them: of the longest sequence, of a single series a third of its
    training part; at most 64."""
    longest = int(parsed.lengths.max())
    share = 1.0 if parsed.grouped else options.split[0] / 3
    return max(SHORTEST, min(LONGEST_WINDOW, int(longest * share)))


def _asked(parsed: ParsedLabels, window: int) -> _Asked:
    begins = np.repeat(starts_of(parsed.lengths), parsed.lengths)
    step = np.arange(len(parsed.x))
    later = step > begins
    known = parsed.labels.is_not_null().to_numpy()
    ends, notes = np.flatnonzero(later & known), list[Note]()
    if not len(ends):
        raise BadData("no step has a target and a step before it", got=f"{len(step)} steps",
                      fix="is --group the right column?")  # fmt: skip
    gaps = int((later & ~known).sum())
    if gaps:
        notes.append({"key": "label_gaps", "count": gaps, "of": len(ends) + gaps})
    every = -(-len(ends) // MOST)
    if every > 1:
        notes.append({"key": "every_kth", "k": every, "count": len(ends)})
        ends = ends[::every]
    return _Asked(ends, np.maximum(begins[ends], ends - window + 1), notes)


def _in_stretch(asked: _Asked, step_part: Ints) -> tuple[_Asked, Bools]:
    """The examples inside the stretch, seen with no step before it; and [N] which of the earlier ones they are."""
    outside = np.concatenate([[0], np.cumsum(step_part == OUTSIDE)])
    starts = asked.starts + outside[asked.ends] - outside[asked.starts]  # what is before the stretch is before the rest
    kept = (step_part[asked.ends] != OUTSIDE) & (starts < asked.ends)
    return _Asked(asked.ends[kept], starts[kept], asked.notes), kept


def _split(
    parsed: ParsedLabels, asked: _Asked, target: Classes | Values, options: DataOptions, window: TimeWindow, whole: bool
) -> tuple[str, Ints, Ints]:
    """How, and the part of each example [N] and of each step [R]: OUTSIDE before and after the stretch."""
    if whole:
        return WHOLE_FILE, np.zeros(len(asked.ends), dtype=np.int64), np.zeros(len(parsed.x), dtype=np.int64)
    if parsed.blocks is None and _by_time(parsed, options):
        step_part = parts_in_time(parsed.times, parsed.lengths, options.split, window)
        return "labels_time", step_part[asked.ends], step_part
    sequence = np.repeat(np.arange(len(parsed.lengths)), parsed.lengths)
    blocks = np.array(parsed.blocks if parsed.blocks is not None else parsed.names, dtype=object)
    asked_of = blocks[sequence[asked.ends]]
    column = parsed.block or "--group"
    part = split_blocks(target, list(asked_of), column, list(options.split), options.split_seed)
    of_block = dict(zip(asked_of, part.tolist(), strict=True))
    step_part = np.array([of_block.get(block, OUTSIDE) for block in blocks])[sequence]  # of one without a target
    return "labels_blocks" if parsed.block else "labels_sequences", part, step_part


def _by_time(parsed: ParsedLabels, options: DataOptions) -> bool:
    """A single series, and sequences that follow each other in time unless they are to be dealt at random."""
    if not parsed.grouped:
        return True
    return options.split_by == "time" or (parsed.ranks is not None and options.split_by is None)


def _refuse_untold(target: Classes | Values, part: Ints, name: str) -> None:
    """BadData where a part has no steps, the training part lacks a class, or the values of a part are all alike."""
    counts = np.bincount(part, minlength=len(PARTS))
    if not counts.all():
        raise BadData(
            f"the {PARTS[int(counts.argmin())]} part has no step with a target",
            fix="add rows, or give a smaller --window",
        )
    if isinstance(target, Classes):
        seen = np.bincount(target.codes[part == 0], minlength=len(target.names))
        if not seen.all():
            raise BadData(
                f"the training part has no step of class {target.names[int(seen.argmin())]!r}",
                fix="add rows with it, or name the sequences with --group, so that they are dealt at random",
            )
        return
    found = constant_part(target.values, part)
    if found is not None:
        part_name, values = found
        raise BadData(
            f"the target {name!r} has the same value all through the {part_name} part, so R² is not defined",
            got=f"{len(values)} steps of {values.min():g}",
            fix="add rows, or another seed of the split, or --kind classification",
        )
