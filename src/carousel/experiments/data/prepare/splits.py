"""A file under more than one split: the one that tuning uses, and one of its own for each reporting seed.

The same sequences in the same three parts every time would leave the chance of the split out of every interval. How the
split varies follows from the file, and `card["split"]["varied"]` says it:

sequences   whole sequences are dealt anew (groups stay whole, classes stay in equal shares)
training    the test part is a file of its own: only training and validation are dealt anew
shifted     forecasting: the three parts keep their order in time and move along it together (`Span`); tuning has the
            earliest place, so that no value it looks at is one a reporting seed is tested on
file        piano rolls keep the parts of their file
short       one of the splits cannot be made of so little data: all seeds keep one split

Each split is read, scaled and described as if it were the only one: scaling is fitted on its own training part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from carousel.common.errors import BadData
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.preparation import build_raw, read_raw
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.time_window import Span, place_of
from carousel.experiments.data.read.parsed import Raw, RawRolls, RawSequences

Varied = Literal["sequences", "training", "shifted", "file", "short"]


@dataclass(frozen=True)
class Splits:
    """tuning: the split that learning rates are tuned on. by_seed: one for each reporting seed, the same for all
    contenders; empty where the split does not vary, and all seeds use that of tuning."""

    tuning: Prepared
    by_seed: dict[int, Prepared]


def prepare_splits(path: Path, options: DataOptions, seeds: Iterable[int]) -> Splits:
    """The file as `prepare` reads it, once for tuning and once for each of the seeds. A UserError as there.

    A split depends on its seed and the file, not on which other seeds there are.
    """
    read = read_raw(path, options)
    how = _varied(read.raw)
    one = build_raw(read, options)
    if how == "file":
        return Splits(_told(one, "file", 0), {})
    try:
        tuning = build_raw(read, options, Span.at(0.0, options.split)) if how == "shifted" else one
        made = {seed: build_raw(read, *_drawn(how, options, seed)) for seed in seeds}
    except BadData:
        return Splits(_told(one, "short", 0), {})
    return Splits(_told(tuning, how, len(made)), {seed: _told(split, how, len(made)) for seed, split in made.items()})


def _varied(raw: Raw) -> Varied:
    if isinstance(raw, RawRolls):
        return "file"
    if isinstance(raw, RawSequences):
        return "sequences" if raw.part is None else "training"
    return "shifted"


def _drawn(how: Varied, options: DataOptions, seed: int) -> tuple[DataOptions, Span | None]:
    if how == "shifted":
        return options, Span.at(place_of(seed), options.split)
    return replace(options, split_seed=options.split_seed + seed), None


def _told(prepared: Prepared, how: Varied, count: int) -> Prepared:
    """With how the split varies, and over how many, in the card."""
    split = prepared.card["split"] | {"varied": how, "splits": count}
    return replace(prepared, card=prepared.card | {"split": split})
