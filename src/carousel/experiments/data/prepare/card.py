"""The data card: what is in the file and what was done to it, as a dictionary that JSON can hold.

file, files, format, kind, target, sequences, lengths (steps: min, median, max), channels (count, names in x's order,
masks), missing (values a channel), classes (name, count, and that of each part), split (how, seed, the examples of
each part, and in a run: varied, how it differs between seeds, and splits, over how many), scaling, forecast, baseline,
and notes: what is to be said aloud.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from carousel.experiments.data.arrays import PARTS, Floats, Ints, Note
from carousel.experiments.data.prepare.baseline import Baseline
from carousel.experiments.data.prepare.scaling import Scaled, moments
from carousel.experiments.data.read.target import Classes, Values

Card = dict[str, Any]


def mask_name(channel: str) -> str:
    """The name of the channel that is 1 where `channel` has no value."""
    return f"{channel} (missing)"


def lengths_card(lengths: Ints) -> Card:
    """Sequences and their lengths in steps."""
    spread = {"min": int(lengths.min()), "median": float(np.median(lengths)), "max": int(lengths.max())}
    return {"sequences": len(lengths), "lengths": spread}


def channels_card(channels: tuple[str, ...], scaled: Scaled) -> Card:
    """Channels, masks, missing values and scaling."""
    masks = [mask_name(channels[c]) for c in scaled.masked]
    names = [*channels, *masks]
    missing = {channels[c]: int(scaled.missing[c]) for c in scaled.masked}
    moments = {"mean": scaled.mean.tolist(), "std": scaled.std.tolist()}
    return {
        "channels": {"count": len(names), "names": names, "masks": masks},
        "missing": missing,
        "scaling": {"how": "standard", "fitted_on": "training", **moments},
    }


def target_card(name: str, target: Classes | Values, part: Ints) -> Card:
    """The target, and its classes or its range."""
    if isinstance(target, Values):
        return {"target": name, "classes": None, "range": _range(target.values)}
    return {"target": name, "classes": _classes(target, part), "range": None}


def _range(values: Floats) -> Card:
    return {"min": float(values.min()), "mean": float(moments(values[:, None])[0][0]), "max": float(values.max())}


def _classes(target: Classes, part: Ints) -> list[Card]:
    # [parts, classes]: counted at once, a file may have thousands of sequences of each class
    table = np.stack([np.bincount(target.codes[part == p], minlength=len(target.names)) for p in range(3)])
    return [
        {"name": name, "count": int(table[:, c].sum()), **{p: int(table[i, c]) for i, p in enumerate(PARTS)}}
        for c, name in enumerate(target.names)
    ]


def split_card(how: str, part: Ints, seed: int | None) -> Card:
    """How the parts were made, and how many examples each has."""
    counts = np.bincount(part, minlength=3)
    return {"split": {"how": how, "seed": seed, **{p: int(counts[i]) for i, p in enumerate(PARTS)}}}


def baseline_card(baseline: Baseline) -> Card:
    """What every contender must beat."""
    return {"baseline": {"name": baseline.name, "metric": baseline.metric, "score": baseline.chance}}


def notes_card(*notes: list[Note]) -> Card:
    """What is to be said aloud, in the order it was met."""
    return {"notes": [note for group in notes for note in group]}
