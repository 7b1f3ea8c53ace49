"""What the network of a run says of a new file: a table in the file's units, with what the answers may be off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from carousel.common.damage import in_words
from carousel.common.errors import BadPlan, FolderConflict
from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataOptions, DataTask, Prepared
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.asked_rows import NewRows
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.data.task.difficulty import difficulty
from carousel.experiments.results.rebuild import Taken, load_taken
from carousel.experiments.results.refitted import Band
from carousel.experiments.takeaway.ahead import times_ahead
from carousel.experiments.training.description import FileSource

LEVEL = 0.9
_OPTIONS = TypeAdapter(DataOptions)
_AT_ONCE = 256  # sequences


@dataclass(frozen=True)
class Predictions:
    """table: a row a sequence (of targets at every step: a step), of a forecast a row a step ahead; answers in the
    file's units. band: what the columns "low" and "high" (of classes: "likely") were made with; None where nothing was
    measured. rows: what was read."""

    table: pl.DataFrame
    band: Band | None
    taken: Taken
    rows: NewRows


def predict(run: str | Path, new_file: str | Path, level: float = LEVEL) -> Predictions:
    """Read a new file by the rules of the run's own, and answer.

    run: the folder of a finished run on a file, or its best/. level: of the intervals, one of those that were measured.
    Raises UserError where the file does not fit the one that was trained on.
    """
    taken = load_taken(run)
    trained = file_of(taken, run)
    band = band_of(taken, level)
    rows = read_new_rows(Path(new_file), options_of(taken), trained)
    return Predictions(answers(taken.network, rows, trained, band), band, taken, rows)


def file_of(taken: Taken, run: str | Path) -> Prepared:
    """The file that the network was trained on. Raises BadPlan for one of a built-in task."""
    if not isinstance(taken.task, DataTask):
        raise BadPlan("only a network that was trained on a file answers a new one",
                      got=f"{str(run)!r}: {taken.task.name}",
                      fix="compare on a file, and give its run folder")  # fmt: skip
    return taken.task.prepared


def prepared_of(taken: Taken, run: str | Path) -> Prepared:
    """The same, of values and classes. Raises BadPlan for piano rolls, whose answer at each step is a frame."""
    found = file_of(taken, run)
    if found.kind == "piano-roll":
        raise BadPlan("a network of piano rolls is neither served nor exported", got=repr(str(run)),
                      fix="take carousel predict, or carousel.load_best in Python")  # fmt: skip
    return found


def options_of(taken: Taken) -> DataOptions:
    """How the file was read. Raises FolderConflict where contender.json says what no option may be."""
    assert isinstance(taken.source, FileSource)
    try:
        return _OPTIONS.validate_python(taken.source.options)
    except ValidationError as error:
        raise FolderConflict("contender.json holds options that no file can be read with", got=in_words(error),
                             fix="carousel report RUN writes best/ anew") from error  # fmt: skip


def band_of(taken: Taken, level: float) -> Band | None:
    """The band of that level. Raises BadPlan where others were measured."""
    if not taken.errors:
        return None
    found = next((band for band in taken.errors if np.isclose(band.level, level)), None)
    if found is None:
        known = ", ".join(f"{band.level:g}" for band in taken.errors)
        raise BadPlan("no interval of this level was measured", allowed=known, got=f"{level:g}",
                      fix="give another --level")  # fmt: skip
    return found


def answers(network: Network, rows: NewRows, trained: Prepared, band: Band | None) -> pl.DataFrame:
    """The table of `Predictions`."""
    return table_of(outputs(network, rows), rows, trained, band)


def table_of(output: Floats, rows: NewRows, trained: Prepared, band: Band | None) -> pl.DataFrame:
    """The same of what the readout gave, [N, O]."""
    if trained.kind == "classification":
        return _classes(output, rows, trained, band)
    if trained.kind == "piano-roll":
        return _keys(output, rows, trained)
    return _values(output, rows, trained, band) if trained.kind == "regression" else _ahead(output, rows, trained, band)


@torch.no_grad()
def outputs(network: Network, rows: NewRows) -> Floats:
    """[N, O]: what the network's readout gives at the end of each."""
    found = []
    for x, lengths in batches(rows):
        output = network(x, lengths)
        found.append((at_last_step(output, lengths) if network.readout == "every" else output).double().numpy())
    return np.concatenate(found)


def batches(rows: NewRows, size: int = _AT_ONCE) -> Iterator[tuple[Tensor, Tensor]]:
    """(x [T, B, C] padded with zeros, lengths [B]), in order."""
    x = torch.cat([torch.tensor(rows.x), torch.zeros(1, rows.x.shape[1])])
    starts, lengths = torch.tensor(rows.starts), torch.tensor(rows.lengths)
    for chosen in torch.arange(len(lengths)).split(size):
        steps = torch.arange(int(lengths[chosen].max()))[:, None]
        index = torch.where(steps < lengths[chosen], starts[chosen] + steps, len(x) - 1)
        yield x[index], lengths[chosen]


def _classes(logits: Floats, rows: NewRows, trained: Prepared, band: Band | None) -> pl.DataFrame:
    """The likeliest class, each one's probability, and with a band the classes that it cannot rule out."""
    names = [entry["name"] for entry in trained.card["classes"] or ()]
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = exps / exps.sum(axis=1, keepdims=True)
    table = {**rows.keys, "predicted": [names[k] for k in shares.argmax(axis=1)]}
    found = pl.DataFrame(table | {f"p({name})": shares[:, k] for k, name in enumerate(names)})
    if band is None:
        return found
    kept = 1 - shares <= band.half[0]
    kept[np.arange(len(kept)), shares.argmax(axis=1)] = True
    return found.with_columns(likely=pl.Series([" ".join(np.array(names)[row]) for row in kept]))


def _keys(logits: Floats, rows: NewRows, trained: Prepared) -> pl.DataFrame:
    """How likely each key sounds in the frame after the last."""
    shares = 1 / (1 + np.exp(-logits))
    names = trained.card["channels"]["names"]
    return pl.DataFrame({rows.named: rows.names} | {f"p({name})": shares[:, k] for k, name in enumerate(names)})


def _values(output: Floats, rows: NewRows, trained: Prepared, band: Band | None) -> pl.DataFrame:
    value = output[:, 0] * trained.y_std[0] + trained.y_mean[0]
    return pl.DataFrame({**rows.keys, "predicted": value, **_ends(value, band, 0)})


def _ahead(output: Floats, rows: NewRows, trained: Prepared, band: Band | None) -> pl.DataFrame:
    """[N x horizon] rows: the series, how many steps ahead, when, and each forecast column."""
    columns = [trained.card["channels"]["names"][place] for place in trained.y_channels]
    half = None if band is None else band.reach(_difficulty(rows, trained))
    last = rows.raw[rows.starts + rows.lengths - 1][:, trained.y_channels]
    own = np.ones((len(output), 1, len(columns))) if rows.own is None else rows.own[:, 1:, trained.y_channels]
    steps = output.reshape(len(output), -1, len(columns)) * trained.y_std * own + last[:, None]
    horizon = steps.shape[1]
    ahead = np.tile(np.arange(1, horizon + 1), len(steps))
    found: dict[str, Any] = {rows.named: np.repeat(rows.names, horizon), "ahead": ahead}
    when = times_ahead(rows, horizon)
    if when is not None:
        found["when"] = when
    for place, name in enumerate(columns):
        value = steps[:, :, place].ravel()
        found[name] = value
        if half is not None:
            reach = (half.reshape(-1, horizon, len(columns))[:, :, place] * own[:, :, place]).ravel()
            found |= {f"{name} low": value - reach, f"{name} high": value + reach}
    return pl.DataFrame(found)


def _difficulty(rows: NewRows, trained: Prepared) -> Floats:
    """[N, O] of the windows, which are all of one length."""
    return difficulty(rows.x.reshape(len(rows.names), -1, rows.x.shape[1]).swapaxes(0, 1), trained)


def _ends(value: Floats, band: Band | None, place: int) -> dict[str, Floats]:
    return {} if band is None else {"low": value - band.half[place], "high": value + band.half[place]}
