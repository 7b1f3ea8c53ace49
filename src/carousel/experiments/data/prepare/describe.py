"""What each step of the preparation adds to the data card."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Note
from carousel.experiments.data.card import Card, Channels, ClassCount, Lengths, Range, Scaling, Split
from carousel.experiments.data.prepare.baseline import Baseline
from carousel.experiments.data.prepare.scaling import Scaled, moments
from carousel.experiments.data.read.target import Classes, Values


def mask_name(channel: str) -> str:
    """The name of the channel that is 1 where `channel` has no value."""
    return f"{channel} (missing)"


def lengths_card(lengths: Ints) -> Card:
    """Sequences and their lengths in steps."""
    spread: Lengths = {"min": int(lengths.min()), "median": float(np.median(lengths)), "max": int(lengths.max())}
    return {"sequences": len(lengths), "lengths": spread}


def channels_card(channels: tuple[str, ...], scaled: Scaled) -> Card:
    """Channels, masks, missing values and scaling."""
    masks = [mask_name(channels[c]) for c in scaled.masked]
    names = [*channels, *masks]
    missing = {channels[c]: int(scaled.missing[c]) for c in scaled.masked}
    mean, std = scaled.mean.tolist(), scaled.std.tolist()
    scaling: Scaling = {"how": "standard", "fitted_on": "training", "mean": mean, "std": std}
    channels_entry: Channels = {"count": len(names), "names": names, "masks": masks}
    return {"channels": channels_entry, "missing": missing, "scaling": scaling}


def target_card(name: str, target: Classes | Values, part: Ints) -> Card:
    """The target, and its classes or its range."""
    if isinstance(target, Values):
        return {"target": name, "classes": None, "range": _range(target.values)}
    return {"target": name, "classes": _classes(target, part), "range": None}


def _range(values: Floats) -> Range:
    return {"min": float(values.min()), "mean": float(moments(values[:, None])[0][0]), "max": float(values.max())}


def _classes(target: Classes, part: Ints) -> list[ClassCount]:
    # [parts, classes]: counted at once, a file may have thousands of sequences of each class
    table = np.stack([np.bincount(target.codes[part == p], minlength=len(target.names)) for p in range(3)])
    counts = zip(target.names, *table.tolist(), strict=True)
    return [
        {
            "name": name,
            "count": training + validation + test,
            "training": training,
            "validation": validation,
            "test": test,
        }
        for name, training, validation, test in counts
    ]


def split_card(how: str, part: Ints, seed: int | None) -> Card:
    """How the parts were made, and how many examples each has."""
    training, validation, test = np.bincount(part, minlength=3).tolist()
    split: Split = {"how": how, "seed": seed, "training": training, "validation": validation, "test": test}
    return {"split": split}


def baseline_card(baseline: Baseline) -> Card:
    """What every contender must beat."""
    return {"baseline": {"name": baseline.name, "metric": baseline.metric, "score": baseline.chance}}


def notes_card(*notes: list[Note]) -> Card:
    """Remarks, in the order they arose."""
    return {"notes": [note for group in notes for note in group]}
