"""What a dry run shows of a file besides its card: the first sequences as read, and the split drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from carousel.common.texts import text
from carousel.experiments.data.arrays import PARTS, Floats
from carousel.experiments.data.prepare.describe import mask_name
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.resplit import Splits

SEQUENCES, CHANNELS, STEPS = 3, 6, 6  # shown of each
_SEEDS, _WIDTH, _MARKS, _ROUNDED = 3, 60, ".o#", 1e-6
_IN_TIME = ("time", "sequences_time", "labels_time")


def sample_lines(prepared: Prepared, lang: str) -> Iterator[str]:
    """The first sequences (or windows) in the file's units: part, target, length, first steps of each channel."""
    yield text("data.sample.head", lang)
    for place in range(min(SEQUENCES, len(prepared.starts))):
        part = text(f"data.part.{PARTS[prepared.part[place]]}", lang)
        words = {"number": place + 1, "part": part, "steps": int(prepared.lengths[place])}
        key = "data.sample.one" if prepared.y.shape[-1:] != (0,) else "data.sample.no_target"
        yield "  " + text(key, lang, **words, target=_target(prepared, place), values=_values(prepared, place, lang))


def _values(prepared: Prepared, place: int, lang: str) -> str:
    names, masks = prepared.card["channels"]["names"], prepared.card["channels"]["masks"]
    start, length = int(prepared.starts[place]), int(prepared.lengths[place])
    steps = prepared.x[start : start + min(STEPS, length)] * prepared.std + prepared.mean
    steps[np.abs(steps) < _ROUNDED * prepared.std] = 0  # x has seven digits
    steps = _in_file_units(prepared, place, steps)
    shown = [name for name in names if name not in masks][:CHANNELS]
    parts = []
    for name in shown:
        cells = [f"{value:.4g}" for value in steps[:, names.index(name)]]
        if mask_name(name) in masks:
            absent = steps[:, names.index(mask_name(name))] > 0.5
            cells = [text("data.sample.none", lang) if gap else cell for cell, gap in zip(cells, absent, strict=True)]
        parts.append(f"{name} {', '.join(cells)}{', ...' if length > STEPS else ''}")
    return "; ".join(parts)


def _target(prepared: Prepared, place: int) -> str:
    classes, y = prepared.card["classes"], prepared.y[place]
    if classes is not None:
        return classes[int(y)]["name"]
    if prepared.kind == "regression":
        return f"{(y * prepared.y_std + prepared.y_mean).item():.4g}"
    last = prepared.x[prepared.starts[place] + prepared.lengths[place] - 1, prepared.y_channels]
    values = last * prepared.std[prepared.y_channels] + prepared.mean[prepared.y_channels]
    changes = np.reshape(y, (-1, max(1, len(prepared.y_channels)))) * prepared.y_std
    shown = np.zeros((len(changes), len(prepared.std)))
    shown[:, prepared.y_channels] = values + changes
    ahead = _in_file_units(prepared, place, shown)[:, prepared.y_channels]
    return ", ".join(f"{value:.4g}" for value in ahead.reshape(-1)[:STEPS])


def _in_file_units(prepared: Prepared, place: int, steps: Floats) -> Floats:
    """[T, C] of the example at that place, where its series has units of its own."""
    if prepared.own is None or prepared.series is None:
        return steps
    level, unit = prepared.own[prepared.series[place]]
    channels = len(level)
    return np.concatenate([steps[:, :channels] * unit + level, steps[:, channels:]], axis=1)


def drawn_lines(splits: Splits, lang: str) -> Iterator[str]:
    """A mark for each sequence or stretch of time, in the file's order: the split of tuning, and of the first seeds."""
    timed = splits.tuning.card["split"]["how"] in _IN_TIME
    yield text("data.drawn.time" if timed else "data.drawn.sequences", lang, most=_WIDTH)
    yield f"  {_marks(splits.tuning, timed)}  {text('data.drawn.tuning', lang)}"
    if splits.tuning.card["split"]["how"] != "sequences_time":  # of these only those inside the stretch are kept
        for seed, split in islice(splits.by_seed.items(), _SEEDS):
            yield f"  {_marks(split, timed)}  {text('data.drawn.seed', lang, seed=seed)}"


def _marks(prepared: Prepared, timed: bool) -> str:
    marks = np.array(list(_MARKS))[prepared.part]
    if not timed:
        return "".join(marks[:_WIDTH])
    ends = prepared.starts + prepared.lengths - 1
    line = np.full(_WIDTH, " ")
    line[ends * _WIDTH // len(prepared.x)] = marks  # in order, so that of several the last counts
    return "".join(line).rstrip()
