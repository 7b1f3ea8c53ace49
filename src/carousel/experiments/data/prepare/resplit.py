"""A file under more than one split: the one that tuning uses, and one of its own for each reporting seed.

The same sequences in the same three parts every time would leave the chance of the split out of every interval. How the
split varies follows from the file, and `card["split"]["varied"]` says it:

sequences   whole sequences are split again (groups stay whole, classes stay in equal shares)
training    the test part is a file of its own: only training and validation are split again
            or blocks of them, which stay whole
shifted     what is split by time (series, and sequences that follow each other): the three parts keep their order and
            move along it together (`TimeWindow`); tuning has the earliest place, so that no value it looks at is one a
            reporting seed is tested on
file        piano rolls keep the parts of their file
short       one of the splits cannot be made, for the reason that stands beside it: all seeds keep one split

Each split is read, scaled and described as if it were the only one: scaling is fitted on its own training part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.card import Split, Varied
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.preparation import ParsedFile, assemble, read_file
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.time_window import TimeWindow, place_of
from carousel.experiments.data.read.parsed import Parsed, ParsedLabels, ParsedRolls, ParsedSequences


@dataclass(frozen=True)
class Splits:
    """tuning: the split that learning rates are tuned on. by_seed: one for each reporting seed, the same for all
    contenders; empty where the split does not vary, and all seeds use that of tuning. whole: not split, for what is
    taken away in the end; None in the folder of a version that had none."""

    tuning: Prepared
    by_seed: Mapping[int, Prepared]
    whole: Prepared | None = None


class OnDemand(Mapping[int, Prepared]):
    """The splits of seeds, each made anew when it is asked for: each may be as large as the file, and a run has up to
    thirty. Each is made once at first, so that one that cannot be made is refused here."""

    def __init__(self, seeds: Iterable[int], make: Callable[[int], Prepared]):
        self._seeds, self._make = dict.fromkeys(seeds), make
        for seed in self._seeds:
            make(seed)

    def __getitem__(self, seed: int) -> Prepared:
        if seed not in self._seeds:
            raise KeyError(seed)
        return self._make(seed)

    def __iter__(self) -> Iterator[int]:
        return iter(self._seeds)

    def __len__(self) -> int:
        return len(self._seeds)


def prepare_splits(path: Path, options: DataOptions, seeds: Iterable[int]) -> Splits:
    """The file as `prepare` reads it, once for tuning and once for each of the seeds. A UserError as there.

    A split depends on its seed and the file, not on which other seeds there are.
    """
    read = read_file(path, options)
    one = assemble(read, options)
    how = _varied(read.parsed, one.card["split"])
    if how == "file":
        return Splits(_with_variation(one, "file", 0), {}, _whole(read, options, one))
    try:
        tuning = assemble(read, options, TimeWindow.at(0.0, options.split)) if how == "shifted" else one
        seeds = tuple(seeds)
        made = OnDemand(seeds, lambda seed: _with_variation(_assembled(read, options, how, seed), how, len(seeds)))
    except BadData as error:
        return Splits(_with_variation(one, "short", 0, error.pieces()), {}, _whole(read, options, one))
    return Splits(_with_variation(tuning, how, len(made)), made, _whole(read, options, tuning))


def _assembled(read: ParsedFile, options: DataOptions, how: Varied, seed: int) -> Prepared:
    return assemble(read, *_drawn(how, options, seed))


def _whole(read: ParsedFile, options: DataOptions, tuning: Prepared) -> Prepared:
    """Not split, seen through the windows of tuning, which are chosen from the length of its training part."""
    forecast = tuning.card["forecast"]
    if forecast is not None:
        options = replace(options, window=forecast["window"], horizon=forecast["horizon"])
    if "labels" in tuning.card:
        options = replace(options, window=tuning.card["labels"]["window"])
    return assemble(read, options, whole=True)


def _varied(parsed: Parsed, split: Split) -> Varied:
    if isinstance(parsed, ParsedRolls):
        return "file"
    if isinstance(parsed, ParsedLabels) and split["how"] != "labels_time":
        return "sequences"
    if isinstance(parsed, ParsedSequences) and split["how"] != "sequences_time":
        return "sequences" if parsed.part is None else "training"
    return "shifted"


def _drawn(how: Varied, options: DataOptions, seed: int) -> tuple[DataOptions, TimeWindow | None]:
    if how == "shifted":
        return options, TimeWindow.at(place_of(seed), options.split)
    return replace(options, split_seed=options.split_seed + seed), None


def _with_variation(prepared: Prepared, how: Varied, count: int, reason: list[str] | None = None) -> Prepared:
    """With how the split varies, over how many, and why it does not, in the card."""
    split: Split = {**prepared.card["split"], "varied": how, "splits": count}
    if reason is not None:
        split["reason"] = reason
    return replace(prepared, card={**prepared.card, "split": split})
