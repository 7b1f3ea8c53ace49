"""Tuning trials that ran on although their learning rate could no longer be chosen: kept as if they had ended then.

The trials of a race are mostly trained together, and end in time. Some are not: a worker was killed, or had room for
half of them. How far those run depends on who trained beside them, and no number of a run may. So once a race is
complete, each is cut at the step that follows from all its trials (`training.pruning.last_steps`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from carousel.common.errors import FolderConflict
from carousel.common.files import writing_to
from carousel.experiments.runner.folder import RESTORE, RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.table_files import parquet, read_curves
from carousel.experiments.training.history import History
from carousel.experiments.training.pruning import Standing, last_steps
from carousel.experiments.training.rules import Race, StopRule


def cut_pruned(groups: Iterable[Sequence[Entry]], folder: RunFolder, ledger: Ledger) -> None:
    """Cut what ran on, in folder and ledger and in the records that were given; where nothing did, nothing is written.
    groups: the finished tuning trials of each contender under a condition."""
    for race, entries in _complete_races(groups):
        by_rate: dict[float, list[Standing]] = defaultdict(list)
        for entry in entries:
            by_rate[entry.description["learning_rate"]].append(_standing(entry))
        rule = StopRule.model_validate(entries[0].description["training"]["stop"])
        cuts = last_steps(by_rate, race, rule)
        for entry in entries:
            step = cuts.get(entry.description["learning_rate"])
            if step is not None and _numbers(entry)["steps"] > step:
                _cut(entry, step, folder, ledger)


def _complete_races(groups: Iterable[Sequence[Entry]]) -> Iterator[tuple[Race, list[Entry]]]:
    for group in groups:
        races: dict[Race, list[Entry]] = defaultdict(list)
        for entry in group:
            if "race" in entry.description:
                races[Race.model_validate(entry.description["race"])].append(entry)
        yield from ((race, found) for race, found in races.items() if len(found) == race.rates * race.seeds)


def _cut(entry: Entry, step: int, folder: RunFolder, ledger: Ledger) -> None:
    """The curves first: killed in between, it is cut anew to the same. Raises FolderConflict where they are damaged."""
    path = folder.curves(entry.hash)
    curves = read_curves(path).filter(pl.col("step") <= step)
    if curves.height < step:
        raise FolderConflict(f"the table {str(path)!r} is absent or damaged", got="it lacks steps", fix=RESTORE)
    history = History.pruned(curves)
    _numbers(entry).update(history.in_numbers())
    assert entry.record is not None
    with writing_to(folder.path):
        folder.write(path, parquet(history.curves()))
        ledger.finish(entry.hash, entry.record)


def _standing(entry: Entry) -> Standing:
    numbers = _numbers(entry)
    return Standing(numbers["steps"], numbers["steps_to_solved"] if numbers["outcome"] == "solved" else None)


def _numbers(entry: Entry) -> dict[str, Any]:
    assert entry.record is not None  # it is finished
    found: dict[str, Any] = entry.record["trial"]
    return found
