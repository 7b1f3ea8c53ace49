"""NPZ: arrays x [N, T, C] or [N, T] and y [N] (and lengths [N]); for forecasting x [T] or [T, C]."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan, UnknownName
from carousel.experiments.data.arrays import Floats, Ints, Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.native_child import most_values
from carousel.experiments.data.read.parsed import ParsedSequences, ParsedSeries
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.visible import all_visible, renamed_note


def read_npz(source: Source, options: DataOptions) -> ParsedSequences | ParsedSeries:
    """The arrays as sequences, or as one series where --forecast names columns ("x", or "x0", "x1", ...)."""
    options.refuse("NPZ", options.of_tables())
    options.refuse("NPZ", {"--group": options.group, "--order": options.order})
    arrays, notes = arrays_of(source)
    x = numbers_of(arrays.pop("x", None), "x", "the sequences, [N, T, C] or [N, T]")
    if options.forecast:
        return _series(x, options)
    if "y" not in arrays and options.target is None:
        raise BadPlan(
            "it is not said what to predict",
            allowed="array y [N] in the file, or --forecast with " + ", ".join(columns_of(x)),
            fix="add y, or name columns with --forecast",
        )
    target = options.target or "y"
    if target not in arrays:
        raise UnknownName("target array", target, arrays)
    parsed = _sequences(x, arrays, target)
    return replace(parsed, notes=notes + parsed.notes)


def arrays_of(source: Source) -> tuple[dict[str, np.ndarray], list[Note]]:
    """The arrays by name. BadData where it is no archive of arrays, or a small one that expands to a large one."""
    if not source.data.startswith(b"PK"):
        raise _broken(source, "no archive")
    try:
        with np.load(io.BytesIO(source.data), allow_pickle=False) as archive:
            _refuse_many(source, "bytes", sum(entry.file_size for entry in archive.zip.infolist()), 8)
            arrays = [archive[name] for name in archive.files]
            _refuse_many(source, "values", sum(array.size for array in arrays))
            shown = all_visible(archive.files)
            return dict(zip(shown, arrays, strict=True)), renamed_note(archive.files, shown)
    except BadData:
        raise
    # What a damaged archive raises depends on where the damage is (zip, header, data): all mean the same here.
    except Exception as error:
        raise _broken(source, str(error) or type(error).__name__) from error


def _refuse_many(source: Source, what: str, count: int, each: int = 1) -> None:
    most = each * most_values(source.data)
    if count > most:
        raise BadData(
            f"{source.name} expands to more {what} than are read of a file of its size",
            allowed=f"{most:,} of {len(source.data):,} bytes",
            got=f"{count:,}",
            fix="give fewer values, or write it with numpy.savez, which does not compress",
        )


def _broken(source: Source, reason: str) -> BadData:
    fix = "write it with numpy.savez, arrays of numbers or text"
    return BadData(f"{source.name} cannot be read as NPZ", got=reason.strip().splitlines()[0], fix=fix)


def numbers_of(array: np.ndarray | None, name: str, meaning: str) -> Floats:
    """The array as numbers. BadData where it is absent, empty, no numbers, or holds an infinity."""
    if array is None:
        raise BadData(f"the file has no array {name!r}", allowed=meaning, fix=f"save it under the name {name}")
    if array.dtype.kind not in "fiub":
        raise BadData(f"array {name!r} does not hold numbers", got=str(array.dtype), fix="save it as float32")
    if array.ndim == 0 or array.size == 0:
        raise BadData(
            f"array {name!r} holds no sequences", got=f"shape {array.shape}", fix="give a file that holds data"
        )
    values = array.astype(np.float64)
    if np.isinf(values).any():
        where = ", ".join(str(i) for i in np.argwhere(np.isinf(values))[0])
        raise BadData(
            f"array {name!r} holds an infinite value at {name}[{where}]",
            allowed="finite numbers",
            fix="correct it, or write NaN if the value is missing",
        )
    return values


def columns_of(x: Floats) -> list[str]:
    """The names of the channels of x [.., C], or [T]."""
    return ["x"] if x.ndim == 1 else [f"x{c}" for c in range(x.shape[-1])]


def _series(x: Floats, options: DataOptions) -> ParsedSeries:
    if x.ndim not in (1, 2):
        raise BadData(
            "array 'x' is no series",
            allowed="shape [T] or [T, C] for --forecast",
            got=f"shape {x.shape}",
            fix="reshape it",
        )
    columns = columns_of(x)
    for name in options.forecast:
        if name not in columns:
            raise UnknownName("forecast column", name, columns)
    values = x.reshape(len(x), -1)
    targets = tuple(columns.index(name) for name in options.forecast)
    gaps = np.argwhere(np.isnan(values[:, targets]))
    if len(gaps):
        row, column = gaps[0]
        raise BadData(
            f"the forecast column {options.forecast[column]!r} has no value at step {row}",
            got=f"{len(gaps)} missing",
            fix="fill it in, or cut the series",
        )
    lengths = np.array([len(x)])
    return ParsedSeries(values, lengths, ["the series"], tuple(columns), np.arange(len(x)), None, targets)


def _sequences(x: Floats, arrays: dict[str, np.ndarray], target: str) -> ParsedSequences:
    if x.ndim not in (2, 3):
        raise BadData(
            "array 'x' has the wrong shape", allowed="[N, T, C] or [N, T]", got=f"shape {x.shape}", fix="reshape it"
        )
    x = x.reshape(*x.shape[:2], -1)
    count, steps = x.shape[:2]
    lengths = lengths_of(arrays.get("lengths"), count, steps)
    kept = np.arange(steps) < lengths[:, None]
    names = [f"sequence {i}" for i in range(count)]
    channels = tuple(f"x{c}" for c in range(x.shape[2]))
    labels, notes = _series_of_labels(_labels(arrays[target], target, count), target)
    return ParsedSequences(x[kept], lengths, names, channels, target, labels, notes=notes)


def lengths_of(array: np.ndarray | None, count: int, steps: int) -> Ints:
    """[N] of the array `lengths`; where there is none, all steps."""
    if array is None:
        return np.full(count, steps, dtype=np.int64)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise BadData(
            "array 'lengths' does not fit x",
            allowed=f"{count} whole numbers",
            got=f"{array.dtype} {array.shape}",
            fix="give one length a sequence",
        )
    bad = np.flatnonzero((array < 1) | (array > steps))
    if len(bad):
        raise BadData(
            f"lengths[{bad[0]}] is out of range",
            allowed=f"1 to {steps}",
            got=int(array[bad[0]]),
            fix="count the true steps",
        )
    return array.astype(np.int64)


def _labels(array: np.ndarray, target: str, count: int) -> np.ndarray:
    if array.shape != (count,) or array.dtype.kind not in "fiubU":
        raise BadData(
            f"array {target!r} does not fit x",
            allowed=f"{count} numbers or texts, one a sequence",
            got=f"{array.dtype} {array.shape}",
            fix="give one target a sequence",
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise BadData(
            f"the target {target}[{int(np.flatnonzero(np.isnan(array))[0])}] is missing",
            got=f"{int(np.isnan(array).sum())} missing",
            fix="fill it in, or remove the sequence",
        )
    return array


def _series_of_labels(array: np.ndarray, target: str) -> tuple[pl.Series, list[Note]]:
    """Texts are cleaned before they are a column: one with half a surrogate pair cannot be stored as one."""
    if array.dtype.kind != "U":
        return pl.Series(target, array), []
    words = sorted(set(array.tolist()))
    shown = all_visible(words)
    names = dict(zip(words, shown, strict=True))
    return pl.Series(target, [names[word] for word in array.tolist()]), renamed_note(words, shown)
