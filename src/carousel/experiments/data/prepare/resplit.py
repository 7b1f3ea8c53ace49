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
from functools import cache, partial
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.card import Split, Varied
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.preparation import ParsedFile, assemble, check, read_file
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.time_window import TimeWindow, place_of
from carousel.experiments.data.read.parsed import Parsed, ParsedLabels, ParsedRolls, ParsedSequences, ParsedSeries


@dataclass(frozen=True)
class Splits:
    """tuning: the split that learning rates are tuned on. by_seed: one for each reporting seed, the same for all
    contenders; empty where the split does not vary, and all seeds use that of tuning. whole: not split, for what is
    taken away in the end, made when it is asked for; None in the folder of a version that had none. options: by which
    the file was read; None where it was read earlier, and the plan has them."""

    tuning: Prepared
    by_seed: Mapping[int, Prepared]
    whole: Callable[[], Prepared] | None = None
    options: DataOptions | None = None


class OnDemand(Mapping[int, Prepared]):
    """The splits of seeds, each made anew when it is asked for: each may be as large as the file, and a run has up to
    thirty. Each is checked at first, so that one that cannot be made is refused here."""

    def __init__(self, seeds: Iterable[int], make: Callable[[int], Prepared], check: Callable[[int], object]):
        self._seeds, self._make = dict.fromkeys(seeds), make
        for seed in self._seeds:
            check(seed)

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
    return replace(_splits_of(read, read.options, tuple(seeds)), options=read.options)


def _splits_of(read: ParsedFile, options: DataOptions, seeds: tuple[int, ...]) -> Splits:
    how, one = _first(read, options)
    if how == "file":
        return _splits(one(), "file", {}, partial(_whole, read, options, one()))
    try:
        tuning = assemble(read, options, TimeWindow.at(0.0, options.split)) if how == "shifted" else one()
        made = _of_seeds(read, options, how, seeds)
    except BadData as error:
        return _splits(one(), "short", {}, partial(_whole, read, options, one()), error.pieces())
    return _splits(tuning, how, made, partial(_whole, read, options, tuning))


def _first(read: ParsedFile, options: DataOptions) -> tuple[Varied, Callable[[], Prepared]]:
    """How the split varies, and the file under one split that uses all of it. A series is only checked under that: it
    is made where none can be moved."""
    if isinstance(read.parsed, ParsedSeries):
        check(read, options)
        return "shifted", cache(partial(assemble, read, options))
    one = assemble(read, options)
    return _varied(read.parsed, one.card["split"]), lambda: one


def _of_seeds(read: ParsedFile, options: DataOptions, how: Varied, seeds: tuple[int, ...]) -> OnDemand:
    def made(seed: int) -> Prepared:
        return _with_variation(assemble(read, *_drawn(how, options, seed)), how, len(seeds))

    return OnDemand(seeds, made, lambda seed: check(read, *_drawn(how, options, seed)))


def _splits(
    tuning: Prepared,
    how: Varied,
    by_seed: Mapping[int, Prepared],
    whole: Callable[[], Prepared],
    reason: list[str] | None = None,
) -> Splits:
    return Splits(_with_variation(tuning, how, len(by_seed), reason), by_seed, whole)


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
